import { structuredPatch } from "diff";

/** One line of a unified difference. */
export interface DiffLine {
  readonly kind: "added" | "removed" | "same" | "hunk";
  /** With its sign, `+`, `-` or a blank; a hunk's head begins with `@@`. */
  readonly text: string;
}

/**
 * Most lines that a difference is looked for in detail; texts that differ more are shown as replaced. The search
 * takes time by the square of it (Myers 1986), and an agent chooses the text: 1500 take less than half a second.
 */
const MOST_EDITS = 1500;

/** The difference between two texts, with three lines around each change; none when they are equal. */
export function unifiedDiff(before: string, after: string): DiffLine[] {
  if (before === after) return [];
  const patch = structuredPatch("", "", before, after, undefined, undefined, {
    context: 3,
    maxEditLength: MOST_EDITS,
  });
  if (patch === undefined) return replaced(before, after);
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    { kind: "hunk" as const, text: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@` },
    ...lines.filter((line) => !line.startsWith("\\")).map(diffLine),
  ]);
}

function diffLine(text: string): DiffLine {
  const kind = text.startsWith("+") ? "added" : text.startsWith("-") ? "removed" : "same";
  return { kind, text };
}

function replaced(before: string, after: string): DiffLine[] {
  const lines = (text: string) => text.replace(/\n$/, "").split("\n");
  return [
    { kind: "hunk", text: "@@ too different to be compared line by line @@" },
    ...lines(before).map((line) => ({ kind: "removed" as const, text: `-${line}` })),
    ...lines(after).map((line) => ({ kind: "added" as const, text: `+${line}` })),
  ];
}
