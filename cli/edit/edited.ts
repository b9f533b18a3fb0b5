import { BottleError, messageOf } from "../../core/errors.ts";
import type { Questions } from "../init/questions_on.ts";
import type { Draft } from "./draft.ts";

/** What editing touches. */
export interface Editing {
  readonly ask: Pick<Questions, "askYes" | "pickOne">;
  /** Runs the editor on a file and gives its exit code. */
  editor(path: string): Promise<number>;
  /** Judges a text. Throws when a start would not take it. */
  judge(text: string): Promise<void>;
  /** The text of the manifest on the disk now; undefined when it is gone. */
  onDisk(): Promise<string | undefined>;
}

/** How editing ended. */
export type EditEnd =
  | { readonly kind: "changed"; readonly text: string }
  | { readonly kind: "unchanged" | "kept" | "dropped" };

const AGAIN = "edit again";
const REPLACE = "replace the file";
const KEEP = "keep the draft";
const DROP = "drop the draft";

const LEFT = [
  { value: KEEP, hint: "for a day; the file stays as it is" },
  { value: DROP, hint: "the file stays as it is" },
];

/**
 * Lets the operator edit a draft until a start would take it, or until they give up. The manifest itself is not
 * touched.
 *
 * @param before the manifest's text when the draft was made.
 * @throws BottleError `editor_failed`, or what a question throws that was left.
 */
export async function edited(before: string, draft: Draft, editing: Editing): Promise<EditEnd> {
  for (;;) {
    const code = await editing.editor(draft.path);
    if (code !== 0) throw editorFailed(code);
    if (!draft.differs(before)) return { kind: "unchanged" };
    const problem = await problemOf(draft, editing);
    const end = problem === undefined
      ? await endOfGood(draft.text(), before, editing)
      : await endOfBad(problem, editing);
    if (end !== "again") return end;
  }
}

/** A draft that a start would take: it becomes the file, unless the file is another one by now. */
async function endOfGood(
  text: string,
  before: string,
  { ask, onDisk }: Editing,
): Promise<EditEnd | "again"> {
  const now = await onDisk();
  if (now === text) return { kind: "unchanged" };
  if (now === before) return { kind: "changed", text };
  const choice = await ask.pickOne({
    title: `The file was ${now === undefined ? "removed" : "changed"} while you edited it`,
    choices: [
      { value: AGAIN, hint: "the draft, as you left it" },
      { value: REPLACE, hint: "by the draft; the other change is lost" },
      ...LEFT,
    ],
  });
  return choice === REPLACE ? { kind: "changed", text } : endOf(choice);
}

async function endOfBad(
  problem: readonly string[],
  { ask }: Editing,
): Promise<EditEnd | "again"> {
  if (await ask.askYes({ title: "Edit it again?", lines: problem })) return "again";
  return endOf(await ask.pickOne({ title: "What becomes of the draft?", choices: LEFT }));
}

function endOf(choice: string): EditEnd | "again" {
  if (choice === AGAIN) return "again";
  return { kind: choice === KEEP ? "kept" : "dropped" };
}

/** What is wrong with the draft, and what to do; undefined when a start would take it. */
async function problemOf(draft: Draft, { judge }: Editing): Promise<string[] | undefined> {
  try {
    await judge(draft.text());
    return undefined;
  } catch (error) {
    const hint = error instanceof BottleError ? error.hint : undefined;
    return [
      ...messageOf(error).split("\n"),
      ...(hint === undefined ? [] : ["", `hint: ${hint}`]),
    ];
  }
}

function editorFailed(code: number): BottleError {
  return new BottleError(`The editor ended with code ${code}; the file is as it was`, {
    code: "editor_failed",
    hint: "VISUAL or EDITOR names the editor",
  });
}
