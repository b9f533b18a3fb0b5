import { hexOf } from "../git/pack_index.ts";

/** One entry of a tree object. */
export interface TreeEntry {
  readonly mode: string;
  /** As bytes, since git does not ask for any encoding. */
  readonly name: Uint8Array;
  readonly id: string;
}

/** The entries of a tree object's content (gitformat: mode, space, name, NUL, 20 bytes of id). */
export function* treeEntries(tree: Uint8Array): Generator<TreeEntry> {
  for (let at = 0; at < tree.length;) {
    const space = tree.indexOf(0x20, at);
    const nul = tree.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + 21 > tree.length) throw new Error("A tree is malformed");
    yield {
      mode: new TextDecoder("latin1").decode(tree.subarray(at, space)),
      name: tree.subarray(space + 1, nul),
      id: hexOf(tree.subarray(nul + 1, nul + 21)),
    };
    at = nul + 21;
  }
}
