import { type Log, printable } from "../../sys/log.ts";

/** Most notices of one bottle that are kept for its end. */
const MOST = 20;

/**
 * What a sidecar says to the operator. It waits until the sidecar serves, since one that fails says why in an error of
 * its own, and while a command has the terminal, since a line in the middle of a screen helps nobody.
 */
export class SidecarNotices {
  readonly #log: Log;
  readonly #waiting = new Set<string>();
  #held = true;
  #dropped = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes one line of the sidecar's stderr. */
  take(line: string): void {
    const text = printable(line.replace(/^bot-bottle: /, ""));
    if (!this.#held) return this.#log.warn(text);
    if (this.#waiting.size < MOST) this.#waiting.add(text);
    else if (!this.#waiting.has(text)) this.#dropped++;
  }

  /** A command has the terminal from now on. */
  hold(): void {
    this.#held = true;
  }

  /** The sidecar serves, or the terminal is free again. */
  release(): void {
    this.#held = false;
    for (const text of this.#waiting) this.#log.warn(text);
    if (this.#dropped > 0) {
      this.#log.warn(`the sidecar said ${this.#dropped} more; bot-bottle logs has its events`);
    }
    this.#waiting.clear();
    this.#dropped = 0;
  }
}
