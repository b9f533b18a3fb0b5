/** What decoding may cost, so that a body cannot make its scan expensive. */
export interface DecodeLimits {
  /** Layers of encoding. */
  readonly depth: number;
  /** Bytes that all decoders together may produce. */
  readonly bytes: number;
  /** Pieces that all decoders together may produce. */
  readonly pieces: number;
}

/** Limits for an input of `length` bytes: linear, with room for small inputs that unpack to something larger. */
export function defaultLimits(length: number): DecodeLimits {
  return {
    depth: 4,
    bytes: length * 4 + 4 * 1024 * 1024,
    pieces: 2_000 + Math.floor(length / 200),
  };
}

/** Counts down. Whoever runs out must say so: what was not decoded is not clean. */
export class DecodeBudget {
  readonly limits: DecodeLimits;
  #bytes: number;
  #pieces: number;
  #exhausted: string | undefined;

  constructor(limits: DecodeLimits) {
    this.limits = limits;
    this.#bytes = limits.bytes;
    this.#pieces = limits.pieces;
  }

  /** Why something was left undecoded; undefined while nothing was. */
  get exhausted(): string | undefined {
    return this.#exhausted;
  }

  get bytesLeft(): number {
    return this.#bytes;
  }

  /** Takes one piece of `bytes`; false, and remembered, when there is not enough. */
  take(bytes: number): boolean {
    if (bytes > this.#bytes) return this.refuse("more encoded bytes than are decoded");
    if (this.#pieces === 0) return this.refuse("more encoded pieces than are decoded");
    this.#bytes -= bytes;
    this.#pieces--;
    return true;
  }

  /** Remembers that something was left undecoded. */
  refuse(why: string): false {
    this.#exhausted ??= why;
    return false;
  }
}
