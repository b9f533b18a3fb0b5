import { messageOf } from "../../core/errors.ts";

/** What came of an editor. */
export type EditResult = { readonly text: string } | { readonly unchanged: true } | {
  readonly failed: string;
};

/**
 * Lets an editor change a text in a file of its own, which nobody else can read and which is gone afterwards.
 *
 * @param folder where the file is made; it must exist.
 * @param edit runs the editor on a path and gives its exit code.
 */
export async function editDraft(
  draft: string,
  folder: string,
  edit: (path: string) => Promise<number>,
): Promise<EditResult> {
  let made: string | undefined;
  try {
    // The suffix tells editors what it is; makeTempFile makes it with mode 0600.
    made = Deno.makeTempFileSync({ dir: folder, prefix: "routes-", suffix: ".yaml" });
    Deno.writeTextFileSync(made, draft);
    const code = await edit(made);
    if (code !== 0) return { failed: `the editor ended with code ${code}` };
    const text = Deno.readTextFileSync(made);
    if (text.length > LARGEST) return { failed: "the file is too large" };
    return text === draft ? { unchanged: true } : { text };
  } catch (error) {
    return { failed: messageOf(error) };
  } finally {
    if (made !== undefined) removeBoth(made);
  }
}

const LARGEST = 1 << 20;

/** The file, and what an editor may have left beside it (vi, nano and emacs write `~`). */
function removeBoth(path: string): void {
  for (const each of [path, `${path}~`]) {
    try {
      Deno.removeSync(each);
    } catch { /* not there */ }
  }
}
