import { wrapWords } from "../../screen/cells.ts";
import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { safeLine, safeLines } from "../../screen/safe_text.ts";
import type { Size } from "../../screen/size.ts";
import type { Answered, Form } from "./form.ts";
import { line, panel } from "./panel.ts";

/** A page is read and agreed to, or not. */
export interface YesState {
  readonly title: string;
  readonly lines: readonly ScreenLine[];
  /** First row of the page on the screen. */
  readonly top: number;
  /** Whether a key was pressed that is no answer. */
  readonly puzzled: boolean;
}

/** A question for yes or no. */
export interface YesQuestion {
  readonly title: string;
  /** What to know before; long lines are wrapped. */
  readonly lines?: readonly string[];
}

/** The question before the first key. */
export function yesState({ title, lines }: YesQuestion): YesState {
  return {
    title: safeLine(title),
    lines: (lines ?? []).flatMap(safeLines).map((text) => ({ text })),
    top: 0,
    puzzled: false,
  };
}

/** Asks for y or n; Enter alone is neither. */
export const yesForm: Form<YesState, boolean> = { view, press };

const HINTS = ["↑↓ PgUp PgDn scroll", "Esc back", "Ctrl-C leave", "y yes", "n no"];

function press(state: YesState, key: Key, size: Size): YesState | Answered<boolean> {
  if (key === "y" || key === "Y") return { answer: true };
  if (key === "n" || key === "N") return { answer: false };
  const rows = wrapped(state.lines, size.columns).length;
  const page = Math.max(1, size.rows - 5);
  const moves: Readonly<Record<string, number>> = {
    up: state.top - 1,
    down: state.top + 1,
    pageup: state.top - page,
    pagedown: state.top + page,
    " ": state.top + page,
    home: 0,
    end: rows,
  };
  const to = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (to === undefined) return { ...state, puzzled: true };
  return { ...state, puzzled: false, top: Math.max(0, Math.min(to, rows - page)) };
}

function view(state: YesState, size: Size): ScreenLine[] {
  const { title, puzzled } = state;
  const all = wrapped(state.lines, size.columns);
  // Two lines above the question are for what it says itself.
  const question = line(`${title} [y/N]${puzzled ? "  Press y or n" : ""}`, "heading");
  return panel(size, { title, status: [question], hints: HINTS }, (rows) => {
    const top = Math.max(0, Math.min(state.top, all.length - rows));
    if (all.length <= rows) return all;
    const room = rows - 1;
    const last = Math.min(all.length, top + room);
    const more = last < all.length ? ", more below" : "";
    return [
      ...all.slice(top, last),
      line(` ${top + 1}-${last} of ${all.length}${more}`, "dim"),
    ];
  });
}

/** The lines in the width of a terminal; nothing is cut off, and what goes on keeps its indent. */
export function wrapped(lines: readonly ScreenLine[], columns: number): ScreenLine[] {
  const cells = Math.max(4, columns - 2);
  return lines.flatMap(({ text, style }) => {
    const indent = /^ */.exec(text)![0].slice(0, Math.floor(cells / 2));
    return wrapWords(text.trimStart(), cells - indent.length)
      .map((piece) => line(` ${indent}${piece}`, style));
  });
}
