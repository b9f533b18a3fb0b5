/** Characters that are kept of a place: with one more they can be a finding. */
const KEPT = 15;

interface Tail {
  text: string;
  at: number;
}

/** The last characters of the short values that were seen at each place, for a bounded number of places. */
export class Tails {
  readonly #most: number;
  readonly #windowMs: number;
  /** Used last comes last. */
  readonly #tails = new Map<string, Tail>();

  constructor(most: number, windowMs: number) {
    this.#most = most;
    this.#windowMs = windowMs;
  }

  /** What is kept of `place` with `letters` behind it, and where those begin; from now on the end of that is kept. */
  push(place: string, letters: string, now: number): { text: string; fresh: number } {
    const tail = this.#tails.get(place);
    const before = tail === undefined || now - tail.at > this.#windowMs ? "" : tail.text;
    const text = before + letters;
    this.#tails.delete(place);
    this.#tails.set(place, { text: text.slice(-KEPT), at: now });
    this.#forget(now);
    return { text, fresh: before.length };
  }

  /** Places that are kept. */
  get size(): number {
    return this.#tails.size;
  }

  #forget(now: number): void {
    for (const [place, { at }] of this.#tails) {
      if (this.#tails.size <= this.#most && now - at <= this.#windowMs) return;
      this.#tails.delete(place);
    }
  }
}
