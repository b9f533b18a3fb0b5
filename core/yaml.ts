import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import type { Position } from "./diagnostic.ts";

/** A path into a document: keys and list indexes. */
export type YamlPath = readonly (string | number)[];

/** The value of a YAML document and where each part of it stands. */
export interface StrictYaml {
  readonly value: unknown;
  /** Where the value at `path` stands; with `key: true`, where its key stands. Nearest known ancestor otherwise. */
  position(path: YamlPath, options?: { key?: boolean }): Position;
}

/** A document that is not in the safe subset. */
export class YamlProblem extends Error {
  override readonly name = "YamlProblem";
  constructor(message: string, readonly position: Position) {
    super(message);
  }
}

const MAX_BYTES = 1 << 20;
const MAX_DEPTH = 64;

/**
 * Parses the safe YAML subset: one document, string keys, no anchors, aliases, tags, merge keys or duplicate keys.
 *
 * @param file name for positions.
 * @param lineOffset lines that stand before `text` in the file (frontmatter).
 * @throws YamlProblem with the position of the first thing that is not in the subset.
 */
export function parseStrictYaml(text: string, file: string, lineOffset = 0): StrictYaml {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { file, line: Math.max(1, line) + lineOffset, column: Math.max(1, col) };
  };
  if (text.length > MAX_BYTES) throw new YamlProblem("The document is larger than 1 MiB", at(0));
  const document = parseDocument(text, {
    lineCounter: lines,
    version: "1.2",
    schema: "core",
    merge: false,
    uniqueKeys: false, // the library compares every key with every other; done below in one pass
    prettyErrors: false, // it would quote the document once for each of its errors
    strict: true,
    stringKeys: true,
    logLevel: "error", // "silent" would leave out a second document without a word
  });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const message = problem.code === "MULTIPLE_DOCS"
      ? "The file holds more than one document"
      : problem.message.split(/ at line \d+/)[0]!;
    throw new YamlProblem(message.trim(), at(problem.pos[0]));
  }
  visit(document, {
    Node(_key, node, ancestors) {
      const start = at(node.range?.[0] ?? 0);
      if (ancestors.length > MAX_DEPTH * 2) {
        throw new YamlProblem("The document is nested too deep", start);
      }
      if (isAlias(node)) throw new YamlProblem("Aliases are not allowed here", start);
      if (node.anchor !== undefined) throw new YamlProblem("Anchors are not allowed here", start);
      if (node.tag !== undefined && isExplicitTag(node, text)) {
        throw new YamlProblem("Tags are not allowed here", start);
      }
      if (isMap(node)) refuseEqualKeys(node, at);
    },
    Pair(_key, pair) {
      if (isScalar(pair.key) && pair.key.value === "<<") {
        throw new YamlProblem("Merge keys are not allowed here", at(pair.key.range?.[0] ?? 0));
      }
    },
  });
  const root = document.contents as Node | null;
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    position: (path, options) => at(offsetOf(root, path, options?.key ?? false)),
  };
}

function refuseEqualKeys({ items }: YAMLMap, at: (offset: number) => Position): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue; // refused by `stringKeys`
    if (seen.has(key.value)) {
      throw new YamlProblem("Map keys must be unique", at(key.range?.[0] ?? 0));
    }
    seen.add(key.value);
  }
}

function isExplicitTag(node: Node, text: string): boolean {
  // Collections carry an implicit tag; an explicit one stands as "!" before the node's own range.
  const start = node.range?.[0] ?? 0;
  return /![^\s]*\s*$/.test(text.slice(Math.max(0, start - 64), start)) || text[start] === "!";
}

function offsetOf(root: Node | null, path: YamlPath, key: boolean): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) =>
        isScalar(item.key) && String(item.key.value) === String(step)
      );
      if (pair === undefined) return offset;
      const keyOffset = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      if (last && key) return keyOffset ?? offset;
      node = pair.value;
      offset = (node as Node | null)?.range?.[0] ?? keyOffset ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
