import { wrap, wrapWords } from "../../screen/cells.ts";
import { hintLines } from "../../screen/hints.ts";
import type { DetailLine } from "./detail.ts";
import { safeLine } from "../../screen/safe_text.ts";
import type { DeskState } from "./state.ts";

/** The keys of each screen, as they are shown. */
export const KEY_HINTS = {
  list: [
    "↑↓ move",
    "Enter look",
    "a approve",
    "m modify",
    "r reject",
    "u undo",
    "? keys",
    "q quit",
  ],
  file: ["a approve", "m modify", "r reject", "↑↓ PgUp PgDn scroll", "u undo", "? keys", "q back"],
  report: ["a approve", "r reject", "↑↓ PgUp PgDn scroll", "u undo", "? keys", "q back"],
  gone: ["↑↓ PgUp PgDn scroll", "? keys", "q back"],
  text: ["Enter send", "Esc cancel", "Ctrl-U clear"],
  confirm: ["y yes", "n no"],
  help: ["↑↓ PgUp PgDn scroll", "q back"],
} as const;

/** The page of keys. */
export const HELP = [
  "↑ ↓ j k      move, scroll",
  "PgUp PgDn    a page up, down",
  "Home End g G to the first, the last",
  "Enter        look at a proposal",
  "a            approve",
  "m            change it in $EDITOR",
  "r            reject, and say why",
  "u            undo the last change",
  "q Esc        back; in the list: quit",
  "Ctrl-C       quit from anywhere",
  "+ - ~ !      adds, drops, changes, risk",
] as const;

/** The hints of what is on the screen, in the lines that they take. */
export function deskHints(state: DeskState): string[] {
  return hintLines(KEY_HINTS[screenOf(state)], state.size);
}

/** What the keys mean just now. */
export function screenOf(
  { prompt, help, open }: Pick<DeskState, "prompt" | "help" | "open">,
): keyof typeof KEY_HINTS {
  if (prompt !== undefined) return prompt.kind === "undo" ? "confirm" : "text";
  if (help !== undefined) return "help";
  if (open === undefined) return "list";
  if (open.gone !== undefined) return "gone";
  return open.detail.tool === "egress-allow" || open.detail.tool === "egress-block"
    ? "file"
    : "report";
}

/** What the desk says, in the lines that it takes: at least one, so that the rest does not jump about. */
export function statusLines({ status, prompt, size }: DeskState): string[] {
  if (status === undefined || prompt !== undefined) return [""];
  return wrapWords(safeLine(status.text, 1000), size.columns - 2)
    .slice(0, Math.max(1, Math.floor(size.rows / 4))).map((line) => ` ${line}`);
}

/** Lines between the title and what the desk says. */
export function bodyRows(state: DeskState): number {
  return Math.max(1, state.size.rows - 1 - statusLines(state).length - deskHints(state).length);
}

/** Lines of a detail in the width of a terminal: nothing is cut off, since it is what is approved. */
export function wrapDetail(lines: readonly DetailLine[], columns: number): DetailLine[] {
  const cells = Math.max(1, columns - 1);
  return lines.flatMap(({ kind, text }): DetailLine[] => {
    const prose = kind === "plain" || kind === "heading" || kind === "warning";
    if (!prose) {
      // What goes on is marked, or it could pass for a line of its own.
      const [first, ...more] = wrap(text, cells - 1);
      return [first!, ...more.map((piece) => `↪${piece}`)].map((piece) => ({ kind, text: piece }));
    }
    const indent = /^ */.exec(text)![0].slice(0, Math.floor(cells / 2));
    return wrapWords(text.trimStart(), cells - indent.length)
      .map((piece) => ({ kind, text: indent + piece }));
  });
}
