import { buildAutomaton, type KeywordAutomaton } from "../aho_corasick.ts";
import {
  type Fingerprint,
  type Match,
  type Severity,
  stricter,
  withoutCovered,
} from "../finding.ts";
import type { TokenPattern } from "../patterns/row.ts";
import type { View } from "../text/view.ts";
import { isInsideWord } from "./assignment.ts";
import { type Candidate, CompiledPattern, type Doubt, type Progress } from "./compiled_pattern.ts";

/** Name that findings of the pattern table carry. */
export const TOKEN_PATTERNS = "token_patterns";

/** Characters of a keyword that the automaton knows; the rest is compared. It keeps the table in the cache. */
const HEAD = 6;

/** Finds credentials of the pattern table in views. Holds no state between views. */
export interface TokenScanner {
  scan(view: View): Match[];
}

/** Values of one view that are told, in order; whoever gets so many has not seen them all. */
export const MOST_VALUES = 10_000;

/** Compiles a pattern table: one automaton over all keywords decides which patterns run, and where. */
export function buildTokenScanner(
  rows: readonly TokenPattern[],
  fingerprint?: Fingerprint,
): TokenScanner {
  const words = [
    ...new Set(rows.flatMap(({ keywords }) => keywords.map((word) => word.toLowerCase()))),
  ];
  const wordIndex = new Map(words.map((word, index) => [word, index]));
  const patterns = rows.map((row) => new CompiledPattern(row));
  const byWord: CompiledPattern[][] = words.map(() => []);
  for (const pattern of patterns) {
    for (const word of new Set(pattern.row.keywords.map((keyword) => keyword.toLowerCase()))) {
      byWord[wordIndex.get(word)!]!.push(pattern);
    }
  }
  const automaton = buildAutomaton(words.map((word) => word.slice(0, HEAD)));
  return { scan: (view) => scanView(view, automaton, words, byWord, fingerprint) };
}

function scanView(
  view: View,
  automaton: KeywordAutomaton,
  words: readonly string[],
  byWord: readonly (readonly CompiledPattern[])[],
  fingerprint: Fingerprint | undefined,
): Match[] {
  const { text } = view;
  const values: Value[] = [];
  // Windows of neighbouring hits overlap, and each byte is looked at once.
  const progress = new Map<CompiledPattern, Progress>();
  const windows = new Map<CompiledPattern, [from: number, to: number]>();
  const report = (pattern: CompiledPattern, found: Candidate) => {
    values.push(valueOf(pattern.row, found));
  };
  const flush = (pattern: CompiledPattern, [from, to]: [number, number]) => {
    for (const found of pattern.matchesWithin(text, from, to)) report(pattern, found);
  };
  automaton.search(view.bytes, (word, headEnd) => {
    const keyword = words[word]!;
    const start = headEnd - Math.min(HEAD, keyword.length);
    const end = start + keyword.length;
    if (!continuesAs(text, headEnd, keyword)) return;
    for (const pattern of byWord[word]!) {
      let state = progress.get(pattern);
      if (state === undefined) progress.set(pattern, state = { looked: 0, nextValue: 0 });
      switch (pattern.row.placement) {
        case "prefix": {
          if (start < state.looked) break;
          const found = pattern.matchAt(text, start);
          if (found === undefined) break;
          state.looked = found.end;
          report(pattern, found);
          break;
        }
        case "around": {
          const [before, after] = pattern.reach;
          const from = Math.max(0, start - before);
          const to = Math.min(text.length, end + after);
          const open = windows.get(pattern);
          if (open !== undefined && from <= open[1]) {
            open[1] = Math.max(open[1], to);
            break;
          }
          if (open !== undefined) flush(pattern, open);
          windows.set(pattern, [from, to]);
          break;
        }
        case "keyed": {
          if (isInsideWord(text, start)) break;
          const found = pattern.valueAfter(text, keyword, end, state);
          if (found === undefined) break;
          state.looked = found.end;
          report(pattern, found);
        }
      }
    }
  });
  for (const [pattern, window] of windows) flush(pattern, window);
  // By where they lie in the view: in the original, all of a decoded text is one range.
  return withoutCovered(values).slice(0, MOST_VALUES).map((value) =>
    matchOf(view, value, fingerprint)
  );
}

/** Whether the part of a keyword that the automaton does not know stands at `at`, in either case. */
function continuesAs(text: string, at: number, keyword: string): boolean {
  for (let index = HEAD; index < keyword.length; index++) {
    const code = text.charCodeAt(at + index - HEAD);
    const small = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (small !== keyword.charCodeAt(index)) return false;
  }
  return true;
}

/** What a doubt adds to the reason, and how much of the row's severity it leaves. */
const DOUBTS: Readonly<Record<Doubt, readonly [words: string, severity: Severity]>> = {
  checksum: ["but its checksum does not fit", "supervise"],
  form: ["but not quite of the documented form", "supervise"],
  name: ["but only a name near it says so", "supervise"],
  identifier: ["but its name says that it is an identifier", "warn"],
  example: ["but written like an example", "warn"],
};

/** A credential of a view; its range counts bytes of the view. */
interface Value {
  readonly row: TokenPattern;
  readonly start: number;
  readonly end: number;
  readonly severity: Severity;
  /** What a doubt adds to the reason; empty for none. */
  readonly words: string;
}

function valueOf(row: TokenPattern, { start, end, doubt }: Candidate): Value {
  const own = row.options.severity ?? "block";
  const [words, most] = doubt === undefined ? ["", own] as const : DOUBTS[doubt];
  return { row, start, end, severity: milder(own, most), words };
}

function matchOf(
  view: View,
  { row, start, end, severity, words }: Value,
  fingerprint: Fingerprint | undefined,
): Match {
  return {
    detector: TOKEN_PATTERNS,
    rule: row.name,
    severity,
    reason: `looks like a credential of ${row.vendor} (${row.name})${
      words === "" ? "" : `, ${words}`
    }`,
    ...view.origin(start, end),
    via: view.via,
    ...(fingerprint === undefined
      ? {}
      : { fingerprint: fingerprint(view.bytes.subarray(start, end)) }),
  };
}

function milder(a: Severity, b: Severity): Severity {
  return stricter(a, b) === a ? b : a;
}
