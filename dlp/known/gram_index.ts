const GRAM = 4;
/** Slots of the filter per group: one group in 64 that belongs to no needle passes it. */
const SLOTS_PER_GRAM = 64;
const FEWEST_SLOT_BITS = 12;
/** At most half a megabyte of filter: more would not stay in the cache. */
const MOST_SLOT_BITS = 22;
/** Places that are tried for one group. */
const MOST_PLACES = 128;

/** 2^32 divided by the golden ratio: multiplied by it, neighbouring numbers lie far apart. */
const SPREAD = 0x9e3779b1;

/** A byte string to look for, whole or in part. */
export interface Needle {
  readonly bytes: Uint8Array;
  /** Shortest common run that counts; the whole needle when it is longer than the needle. */
  readonly least: number;
  /** Whether a run that begins at `start` of the needle and is `length` long says anything. */
  accepts(start: number, length: number): boolean;
}

/** Where a needle, or a part of it, lies in a text. */
export interface Hit {
  readonly needle: number;
  readonly start: number;
  readonly end: number;
}

const NONE: readonly Hit[] = [];

/**
 * Finds parts of many needles in one pass that looks at every few bytes only: every run of `least` bytes holds a
 * sampled group of four (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994).
 */
export class GramIndex {
  /** Bytes of the longest needle; 0 when there is none. */
  readonly longest: number;
  readonly #needles: readonly Needle[];
  readonly #stride: number;
  readonly #filter: Uint8Array;
  readonly #slotShift: number;
  readonly #places = new Map<number, number[]>();

  /** Needles must have four bytes or more. */
  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
    this.longest = Math.max(0, ...needles.map(({ bytes }) => bytes.length));
    const shortest = Math.min(
      64,
      ...needles.map(({ bytes, least }) => Math.min(bytes.length, least)),
    );
    this.#stride = Math.max(1, shortest - GRAM + 1);
    const grams = needles.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const slotBits = Math.min(
      MOST_SLOT_BITS,
      Math.max(FEWEST_SLOT_BITS, Math.ceil(Math.log2(grams * SLOTS_PER_GRAM + 1))),
    );
    this.#filter = new Uint8Array(1 << (slotBits - 3));
    this.#slotShift = 32 - slotBits;
    needles.forEach(({ bytes }, needle) => {
      for (let at = 0; at + GRAM <= bytes.length; at++) {
        const gram = gramAt(bytes, at);
        const slot = Math.imul(gram, SPREAD) >>> this.#slotShift;
        this.#filter[slot >> 3]! |= 1 << (slot & 7);
        const places = this.#places.get(gram);
        if (places === undefined) this.#places.set(gram, [needle, at]);
        else if (places.length < 2 * MOST_PLACES) places.push(needle, at);
      }
    });
  }

  /** The first hit of each needle. */
  search(bytes: Uint8Array): readonly Hit[] {
    if (this.#needles.length === 0) return NONE;
    let hits: Map<number, Hit> | undefined;
    const last = bytes.length - GRAM;
    const filter = this.#filter;
    const stride = this.#stride;
    const shift = this.#slotShift;
    for (let at = 0; at <= last; at += stride) {
      const gram = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) |
        (bytes[at + 3]! << 24);
      const slot = Math.imul(gram, SPREAD) >>> shift;
      if ((filter[slot >> 3]! & (1 << (slot & 7))) === 0) continue;
      const places = this.#places.get(gram);
      if (places === undefined) continue;
      for (let index = 0; index < places.length; index += 2) {
        const needle = places[index]!;
        if (hits?.has(needle) === true) continue;
        const hit = this.#extend(bytes, at, needle, places[index + 1]!);
        if (hit !== undefined) (hits ??= new Map()).set(needle, hit);
      }
    }
    return hits === undefined ? NONE : [...hits.values()];
  }

  #extend(bytes: Uint8Array, at: number, needle: number, within: number): Hit | undefined {
    const { bytes: wanted, least, accepts } = this.#needles[needle]!;
    let before = 0;
    while (
      before < within && before < at && bytes[at - before - 1] === wanted[within - before - 1]
    ) {
      before++;
    }
    let after = GRAM;
    while (within + after < wanted.length && bytes[at + after] === wanted[within + after]) after++;
    const length = before + after;
    if (length < Math.min(least, wanted.length)) return undefined;
    if (length < wanted.length && !accepts(within - before, length)) return undefined;
    return { needle, start: at - before, end: at + after };
  }
}

function gramAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
