import type { Position } from "../core/diagnostic.ts";

/** A Markdown file taken apart. */
export interface Frontmatter {
  /** The YAML between the fences, its line breaks as they stand. */
  readonly yaml: string;
  /** Lines of the file that stand before `yaml`. */
  readonly lineOffset: number;
  /** Everything after the closing fence, without the blank lines around it. */
  readonly body: string;
}

/** Why a file has no frontmatter. */
export interface FrontmatterProblem {
  readonly problem: string;
  readonly position: Position;
}

const FENCE = /^---[ \t]*$/;

/**
 * Splits a Markdown file at its `---` fences. The first fence must be the first line (a byte-order mark may
 * stand before it), so that a file whose configuration would be overlooked is an error instead.
 */
export function splitFrontmatter(text: string, file: string): Frontmatter | FrontmatterProblem {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  const isFence = (line: string | undefined) => line !== undefined && FENCE.test(withoutCr(line));
  if (!isFence(lines[0])) {
    return {
      problem: "The file must begin with a line --- that opens its frontmatter",
      position: { file, line: 1, column: 1 },
    };
  }
  const close = lines.findIndex((line, index) => index > 0 && isFence(line));
  if (close < 0) {
    return {
      problem: "The frontmatter that begins here has no closing line ---",
      position: { file, line: 1, column: 1 },
    };
  }
  return {
    yaml: lines.slice(1, close).map((line) => `${line}\n`).join(""),
    lineOffset: 1,
    body: trimBlankLines(lines.slice(close + 1).join("\n")),
  };
}

/** Whether {@linkcode splitFrontmatter} found a problem. */
export function isFrontmatterProblem(
  value: Frontmatter | FrontmatterProblem,
): value is FrontmatterProblem {
  return "problem" in value;
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function trimBlankLines(text: string): string {
  const lines = text.split("\n");
  let first = 0;
  while (first < lines.length && lines[first]!.trim() === "") first++;
  let end = lines.length;
  while (end > first && lines[end - 1]!.trim() === "") end--;
  return lines.slice(first, end).join("\n");
}
