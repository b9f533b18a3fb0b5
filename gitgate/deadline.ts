import { GateFault } from "./gate_fault.ts";

/** Time for several steps together; disposal ends the count. */
export class Deadline implements Disposable {
  readonly #over = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  /** Aborted when the time is over, or when the caller's signal is. */
  readonly signal: AbortSignal;

  /** @param ms milliseconds. */
  constructor(ms: number, signal: AbortSignal) {
    this.#timer = setTimeout(() => this.#over.abort(), ms);
    this.signal = AbortSignal.any([signal, this.#over.signal]);
  }

  /** What went wrong with a step: when the time was over, that is the reason, whatever the step says. */
  reasonOf(error: unknown): unknown {
    if (!this.#over.signal.aborted || error instanceof GateFault) return error;
    return new GateFault("timeout", "looking at the push took too long", String(error), error);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
