import { buildAutomaton, type KeywordAutomaton } from "../aho_corasick.ts";
import { latin1 } from "../text/view.ts";
import type { InjectionFinding } from "./finding.ts";

/** Something to look for: words of which one must be there, and a pattern around it. */
export interface AnchoredPattern extends InjectionFinding {
  readonly pattern: RegExp;
  /** Lower-case ASCII. */
  readonly anchors: readonly string[];
  /** Most bytes of a match before the beginning of an anchor, and from there on. */
  readonly before: number;
  readonly after: number;
}

/** Patterns and one automaton over all their anchors; made once, used for many streams. */
export class AnchoredPatterns {
  readonly patterns: readonly AnchoredPattern[];
  readonly automaton: KeywordAutomaton;
  /** By word of the automaton: its length and the patterns it anchors. */
  readonly words: readonly { readonly length: number; readonly patterns: readonly number[] }[];
  /** Bytes of a stream that must be seen again with the next piece. */
  readonly overlap: number;

  constructor(patterns: readonly AnchoredPattern[]) {
    this.patterns = patterns;
    const anchored = new Map<string, number[]>();
    patterns.forEach(({ anchors }, index) => {
      for (const anchor of new Set(anchors)) {
        const known = anchored.get(anchor);
        if (known === undefined) anchored.set(anchor, [index]);
        else known.push(index);
      }
    });
    this.automaton = buildAutomaton([...anchored.keys()]);
    this.words = [...anchored].map(([word, indexes]) => ({
      length: word.length,
      patterns: indexes,
    }));
    this.overlap = Math.max(...patterns.map(({ before, after }) => before + after));
  }
}

/** Bytes beyond one match that are looked at with it, so that many anchors in a row cost one look. */
const REACH = 512;

/** Looks for patterns in one stream; each is reported once. */
export class PatternScan {
  readonly #all: AnchoredPatterns;
  readonly #found = new Set<number>();
  readonly #covered: Int32Array;

  constructor(all: AnchoredPatterns) {
    this.#all = all;
    this.#covered = new Int32Array(all.patterns.length);
  }

  /** Looks at bytes, of which the first may have been seen before; adds what is new to `findings`. */
  look(bytes: Uint8Array, findings: InjectionFinding[]): void {
    this.#covered.fill(0);
    this.#all.automaton.search(bytes, (word, end) => {
      const { length, patterns } = this.#all.words[word]!;
      for (const index of patterns) {
        if (this.#found.has(index) || end <= this.#covered[index]!) continue;
        const { rule, severity, pattern, before, after } = this.#all.patterns[index]!;
        const from = Math.max(0, end - length - before);
        const to = Math.min(bytes.length, end - length + after + REACH);
        this.#covered[index] = to - after;
        const text = latin1(bytes.subarray(from, to));
        if (!pattern.test(text)) continue;
        this.#found.add(index);
        findings.push({ rule, severity });
      }
    });
  }
}
