import { width } from "./cells.ts";
import type { Size } from "./size.ts";

/** Where there is little room; a page of keys, or the screen itself, has the rest. */
const SHORTER: Readonly<Record<string, string>> = {
  "↑↓ PgUp PgDn scroll": "↑↓ scroll",
  "↑↓ move": "↑↓",
  "Enter look": "Enter",
};
/** Columns from which there is room. */
export const ROOMY = 60;

/** What the keys do, in the lines that it takes; the last two are always among them. */
export function hintLines(keys: readonly string[], { columns, rows }: Size): string[] {
  const hints = keys.map((hint) => columns < ROOMY ? SHORTER[hint] ?? hint : hint);
  const lines: string[] = [];
  let line = "";
  for (const hint of hints) {
    const longer = line === "" ? ` ${hint}` : `${line}  ${hint}`;
    if (width(longer) <= columns || line === "") line = longer;
    else {
      lines.push(line);
      line = ` ${hint}`;
    }
  }
  lines.push(line);
  // A terminal that is as low as that keeps its lines for what they are about.
  const most = Math.max(1, Math.floor(rows / 3));
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), ` ${hints.slice(-2).join("  ")}`];
}
