/**
 * How much of something free of charge a client may do: `burst` at once, and again as time passes.
 */
export class Allowance {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now milliseconds on a monotonic clock. */
  constructor(burst: number, perSecond: number, now: () => number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = burst;
    this.#at = now();
  }

  /** Takes one; false when there is none left. */
  take(): boolean {
    if (this.#left < 1) {
      const now = this.#now();
      const earned = ((now - this.#at) / 1_000) * this.#perSecond;
      this.#left = Math.min(this.#burst, this.#left + earned);
      this.#at = now;
    }
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Gives some back, up to the burst. */
  give(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count);
  }
}
