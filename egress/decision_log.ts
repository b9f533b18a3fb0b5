import type { EventFields } from "../core/event.ts";

/**
 * Records decisions and remembers whether it could: once an event cannot be stored, nothing more is allowed
 * until it can (a full disk must not become a way to act unseen).
 */
export class DecisionLog {
  readonly #append: (event: EventFields) => void;
  #pending: EventFields | undefined;

  /** @param append stores one event; throws when it cannot. */
  constructor(append: (event: EventFields) => void) {
    this.#append = append;
  }

  /** Whether requests may be allowed. Tries to store what could not be stored before. */
  ready(): boolean {
    if (this.#pending === undefined) return true;
    this.append(this.#pending);
    return this.#pending === undefined;
  }

  append(event: EventFields): void {
    try {
      this.#append(event);
      this.#pending = undefined;
    } catch {
      // Reported by what follows: every later request is refused with `record_failed`.
      this.#pending = event;
    }
  }
}
