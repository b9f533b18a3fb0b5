import { GateFault } from "./gate_fault.ts";

/** Lets one push of a repository through at a time, in the order in which they came. */
export class Lane {
  #tail: Promise<void> = Promise.resolve();

  /**
   * Waits for its turn; disposal of what is returned ends it.
   *
   * @param timeout milliseconds.
   * @throws GateFault when the turn does not come in time, or `signal` is aborted.
   */
  async enter(timeout: number, signal: AbortSignal): Promise<Disposable> {
    const before = this.#tail;
    const { promise, resolve: leave } = Promise.withResolvers<void>();
    this.#tail = before.then(() => promise);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort: (() => void) | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), timeout);
      abort = () => resolve("late");
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
    });
    const turn = await Promise.race([before.then(() => "mine" as const), late]);
    clearTimeout(timer);
    signal.removeEventListener("abort", abort!);
    if (turn === "late") {
      leave();
      throw new GateFault("busy", "another push of this repository is under way; try again later");
    }
    return { [Symbol.dispose]: leave };
  }
}
