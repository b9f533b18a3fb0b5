import type { Answer } from "../../core/proposal.ts";

/** How an agent waits for an answer. */
export interface WaitOptions {
  /** Milliseconds after which the wait ends without an answer. */
  readonly timeout: number;
  /** Milliseconds between two signs of life. */
  readonly every: number;
  /** Ends the wait: the client cancelled, or is gone. */
  readonly signal: AbortSignal;
  /** Told at once and then again and again while the wait lasts; `passed` in milliseconds. */
  readonly onWaiting: (passed: number) => void;
}

/** The answer, or undefined when the wait ended first. The proposal itself waits on. */
export async function waitFor(
  answer: Promise<Answer>,
  { timeout, every, signal, onWaiting }: WaitOptions,
): Promise<Answer | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const end = () => resolve(undefined);
  if (signal.aborted) return undefined;
  signal.addEventListener("abort", end, { once: true });
  const start = performance.now();
  const deadline = setTimeout(end, Math.min(timeout, 2 ** 31 - 1));
  const ticking = setInterval(() => onWaiting(performance.now() - start), every);
  try {
    onWaiting(0);
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(deadline);
    clearInterval(ticking);
    signal.removeEventListener("abort", end);
  }
}
