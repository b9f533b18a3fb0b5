/** How long a value that a host gave away may go back to it, in milliseconds. */
const LIFETIME = 10 * 60_000;
/** Most values that are remembered; the ones that were not seen for longest are forgotten first. */
const MOST = 4_096;

/**
 * Values that look like credentials and that an allowed host itself gave to the agent: a link that it signed, a token
 * that it issued. They may be used at that host again; it knows them already. Kept as keyed hashes.
 */
export class IssuedValues {
  readonly #seen = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Remembers that `host` gave the value with that fingerprint away. */
  add(host: string, fingerprint: string): void {
    const key = `${host} ${fingerprint}`;
    this.#seen.delete(key);
    this.#seen.set(key, this.#now() + LIFETIME);
    if (this.#seen.size > MOST) this.#seen.delete(this.#seen.keys().next().value!);
  }

  /** Whether `host` gave that value away in the last ten minutes. */
  has(host: string, fingerprint: string): boolean {
    const until = this.#seen.get(`${host} ${fingerprint}`);
    return until !== undefined && until > this.#now();
  }
}
