/** How long a route stays strict, in milliseconds. */
const STRICT_TIME = 10 * 60_000;

/** Routes by which hostile text came lately. What leaves by them is looked at more strictly for ten minutes. */
export class StrictRoutes {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes the route of that label strict from now on. */
  tighten(route: string): void {
    this.#until.set(route, this.#now() + STRICT_TIME);
  }

  isStrict(route: string): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(route);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(route);
    return false;
  }
}
