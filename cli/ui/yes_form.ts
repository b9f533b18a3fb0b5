import { wrapWords } from "../../screen/cells.ts";
import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { safeLine, safeLines } from "../../screen/safe_text.ts";
import type { Size } from "../../screen/size.ts";
import type { Answered, Form } from "./form.ts";
import { line, panel, panelRoom } from "./panel.ts";

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
  readonly lines?: readonly (string | ScreenLine)[];
}

/** The question before the first key. */
export function yesState({ title, lines }: YesQuestion): YesState {
  return {
    title: safeLine(title),
    lines: (lines ?? []).flatMap((each) => {
      const { text, style } = typeof each === "string" ? { text: each, style: undefined } : each;
      return safeLines(text).map((piece) => line(piece, style));
    }),
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
  const { top, room, rows } = pageOf(state, size);
  const moves: Readonly<Record<string, number>> = {
    up: top - 1,
    down: top + 1,
    pageup: top - room,
    pagedown: top + room,
    " ": top + room,
    home: 0,
    end: rows.length,
  };
  const to = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (to === undefined) return { ...state, puzzled: true };
  return { ...state, puzzled: false, top: Math.max(0, Math.min(to, rows.length - room)) };
}

function view(state: YesState, size: Size): ScreenLine[] {
  const { title } = state;
  return panel(size, { title, status: statusOf(state), hints: HINTS }, () => {
    const { rows, room, top } = pageOf(state, size);
    if (rows.length <= room) return rows;
    const last = Math.min(rows.length, top + room);
    const more = last < rows.length ? ", more below" : "";
    return [
      ...rows.slice(top, last),
      line(` ${top + 1}-${last} of ${rows.length}${more}`, "dim"),
    ];
  });
}

function statusOf({ title, puzzled }: YesState): ScreenLine[] {
  return [line(`${title} [y/N]${puzzled ? "  Press y or n" : ""}`, "heading")];
}

/** The page's rows, how many of them the screen has room for, and the first of those. */
function pageOf(
  state: YesState,
  size: Size,
): { rows: readonly ScreenLine[]; room: number; top: number } {
  const rows = wrapped(state.lines, size.columns);
  const all = panelRoom(size, { status: statusOf(state), hints: HINTS });
  // Where not all has room, a line says which part is shown.
  const room = rows.length <= all ? all : Math.max(1, all - 1);
  return { rows, room, top: Math.max(0, Math.min(state.top, rows.length - room)) };
}

/** The lines in the width of a terminal; nothing is cut off, and what goes on keeps its indent. */
function wrapped(lines: readonly ScreenLine[], columns: number): ScreenLine[] {
  const cells = Math.max(4, columns - 2);
  return lines.flatMap(({ text, style }) => {
    const indent = /^ */.exec(text)![0].slice(0, Math.floor(cells / 2));
    return wrapWords(text.trimStart(), cells - indent.length)
      .map((piece) => line(` ${indent}${piece}`, style));
  });
}
