/** Where time comes from; a test passes its own. */
export interface Clock {
  /** The current instant. */
  now(): Date;
  /** Milliseconds on a clock that never goes back. */
  monotonic(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
};
