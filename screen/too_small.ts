import { wrapWords } from "./cells.ts";
import type { ScreenLine } from "./frame.ts";
import { type Size, SMALLEST } from "./size.ts";

/** What a terminal shows that has no room for anything else; `leave` says which key leaves. */
export function tooSmall({ columns, rows }: Size, leave: string): ScreenLine[] {
  const least = `${SMALLEST.columns}x${SMALLEST.rows}`;
  const text = `This terminal is too small: ${least} at least. ${leave}`;
  const lines = wrapWords(text, Math.max(1, columns)).slice(0, rows);
  return Array.from({ length: rows }, (_, row) => ({ text: lines[row] ?? "" }));
}
