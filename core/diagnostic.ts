/** A place in a text file; line and column are 1-based. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `file:line:column: message` and the line itself with a caret under the column. */
export function formatDiagnostic(position: Position, message: string, source?: string): string {
  const head = `${position.file}:${position.line}:${position.column}: ${message}`;
  const text = source?.split(/\r?\n/)[position.line - 1];
  if (text === undefined) return head;
  const number = String(position.line);
  const shown = text.slice(0, 160).replaceAll("\t", " ");
  return `${head}\n  ${number} | ${shown}\n  ${" ".repeat(number.length)} | ${
    " ".repeat(Math.max(0, position.column - 1))
  }^`;
}

/** The candidate nearest to `word` by edit distance, when it is near enough to be a typing error. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance in UTF-16 units. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + cost));
    }
    row = next;
  }
  return row[b.length]!;
}
