import { clip, fit, wrapWords } from "../../screen/cells.ts";
import type { ScreenLine, Style } from "../../screen/frame.ts";
import { hintLines } from "../../screen/hints.ts";
import { isTooSmall, type Size } from "../../screen/size.ts";
import { tooSmall } from "../../screen/too_small.ts";

/** What stands around a form, and how much room is left for it. */
export interface Surroundings {
  readonly title: string;
  /** What is said about the answer, below the form; one line is kept free for it. */
  readonly status: readonly ScreenLine[];
  /** What the keys do. */
  readonly hints: readonly string[];
}

/**
 * A screen: title, the form in the room that is left, status, keys.
 *
 * @param body gets the rows that it may take.
 */
export function panel(
  size: Size,
  { title, status, hints }: Surroundings,
  body: (rows: number) => readonly ScreenLine[],
): ScreenLine[] {
  if (isTooSmall(size)) return tooSmall(size, "Ctrl-C leaves");
  const keys = hintLines(hints, size);
  const said = statusLines(status, size);
  const room = panelRoom(size, { status, hints });
  const shown = body(room).slice(0, room);
  const lines: ScreenLine[] = [
    { text: ` ${title}`, style: "title" },
    ...shown,
    ...Array.from({ length: room - shown.length }, () => ({ text: "" })),
    ...said,
    ...keys.map((text): ScreenLine => ({ text, style: "dim" })),
  ];
  return lines.slice(0, size.rows).map(({ text, style }) => ({
    // A bar is as wide as the screen.
    text: style === "title" || style === "selected"
      ? fit(text, size.columns)
      : clip(text, size.columns),
    ...(style === undefined ? {} : { style }),
  }));
}

/** Rows that a form has between what stands around it. */
export function panelRoom(size: Size, { status, hints }: Omit<Surroundings, "title">): number {
  const taken = 1 + statusLines(status, size).length + hintLines(hints, size).length;
  return Math.max(1, size.rows - taken);
}

/** In a third of the screen at most; what is cut off is marked. */
function statusLines(status: readonly ScreenLine[], { columns, rows }: Size): ScreenLine[] {
  const lines = status.flatMap(({ text, style }) =>
    wrapWords(text, columns - 2).map((piece) => line(` ${piece}`, style))
  );
  const most = Math.max(1, Math.floor(rows / 3));
  if (lines.length === 0) return [{ text: "" }];
  if (lines.length <= most) return lines;
  const last = lines[most - 1]!;
  return [...lines.slice(0, most - 1), { ...last, text: clip(`${last.text} ……`, columns - 1) }];
}

/** A line, with its style when it has one. */
export function line(text: string, style?: Style): ScreenLine {
  return style === undefined ? { text } : { text, style };
}

/** The first of `count` rows to be shown in `room`, so that `cursor` is in the middle where there is more. */
export function windowTop(cursor: number, count: number, room: number): number {
  return Math.max(0, Math.min(cursor - Math.floor(room / 2), count - room));
}
