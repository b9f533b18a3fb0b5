/** What decoding may cost, so that a body cannot make its scan expensive. */
export interface DecodeLimits {
  /** Layers of encoding. */
  readonly depth: number;
  /** Bytes that all decoders together may produce. */
  readonly bytes: number;
  /** Pieces that all decoders together may produce. */
  readonly pieces: number;
  /**
   * Entries of archives that are unpacked, `pieces` unless given: starting to unpack costs a tenth of a millisecond.
   */
  readonly attempts?: number;
}

/** Data that no decoder reads: packed in an unknown way, or encrypted. */
export interface OpaqueData {
  /** Such as "bzip2" or "zip with encryption". */
  readonly kind: string;
  /** Where it lies in the original. */
  readonly start: number;
  readonly end: number;
  /** The decoders that were applied before, outermost first. */
  readonly via: readonly string[];
}

/** Such data that is remembered of one input. */
const MOST_OPAQUE = 100;

/** Limits for an input of `length` bytes: linear, with room for small inputs that unpack to something larger. */
export function defaultLimits(length: number): DecodeLimits {
  return {
    depth: 4,
    bytes: length * 4 + 4 * 1024 * 1024,
    pieces: 2_000 + Math.floor(length / 200),
    attempts: 500 + Math.floor(length / 2_000),
  };
}

/** Limits for an input that others wait for: nothing small unpacks to megabytes that are looked at. */
export function tightLimits(length: number): DecodeLimits {
  return { ...defaultLimits(length), bytes: length * 3 + 128 * 1024, attempts: 50 };
}

/** Counts down. Whoever runs out must say so: what was not decoded is not clean. */
export class DecodeBudget {
  readonly limits: DecodeLimits;
  #bytes: number;
  #pieces: number;
  #attempts: number;
  #guesses: number;
  #exhausted: string | undefined;
  readonly #opaque: OpaqueData[] = [];

  constructor(limits: DecodeLimits) {
    this.limits = limits;
    this.#bytes = limits.bytes;
    this.#pieces = limits.pieces;
    this.#attempts = limits.attempts ?? limits.pieces;
    this.#guesses = Math.ceil(limits.pieces / 10);
  }

  /** Why something was left undecoded; undefined while nothing was. */
  get exhausted(): string | undefined {
    return this.#exhausted;
  }

  /** Data that was met and that nothing here can look into. */
  get opaque(): readonly OpaqueData[] {
    return this.#opaque;
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

  /** Takes one attempt to unpack an entry of an archive; false, and remembered, when there are none left. */
  attempt(): boolean {
    if (this.#attempts === 0) return this.refuse("more archived files than are unpacked");
    this.#attempts--;
    return true;
  }

  /** Takes one guess at what bytes may be that show nothing; there are few, and running out of them means nothing. */
  guess(): boolean {
    return this.#guesses-- > 0;
  }

  /** Remembers data that nothing here can look into. */
  meet(data: OpaqueData): void {
    if (this.#opaque.length < MOST_OPAQUE) this.#opaque.push(data);
  }

  /** Remembers that something was left undecoded. */
  refuse(why: string): false {
    this.#exhausted ??= why;
    return false;
  }
}
