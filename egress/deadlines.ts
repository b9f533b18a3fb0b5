/** Something that ends when its time is over. */
export interface Deadline {
  /** Milliseconds on the monotonic clock; Infinity when nothing is awaited. */
  at: number;
  /** Called once, when `at` has passed. */
  expire(): void;
}

/**
 * Ends what takes too long. One timer for all connections: setting a deadline is an assignment, which matters
 * on a path that is taken several times for every request.
 */
export class Deadlines implements Disposable {
  readonly #watched = new Set<Deadline>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #now: () => number;

  /** @param tick milliseconds between looks: deadlines are met late by at most this much. */
  constructor(now: () => number, tick = 250) {
    this.#now = now;
    this.#timer = setInterval(() => this.#sweep(), tick);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  /** The current time plus `ms`. */
  after(ms: number): number {
    return this.#now() + ms;
  }

  watch(deadline: Deadline): void {
    this.#watched.add(deadline);
  }

  forget(deadline: Deadline): void {
    this.#watched.delete(deadline);
  }

  #sweep(): void {
    const now = this.#now();
    for (const deadline of this.#watched) {
      if (deadline.at > now) continue;
      this.#watched.delete(deadline);
      deadline.expire();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }
}
