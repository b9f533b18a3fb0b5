/** Lower-case form of letters and digits, 0 for every other byte. */
const ALNUM = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a)) return byte;
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : 0;
});

/** Bit of {@linkcode FOLDED} that a letter or digit has: shifted down it moves the output on without a branch. */
const KEPT = 8;
/** Bit of {@linkcode FOLDED} that a quote and a backslash have. */
const MARK = 1 << 9;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

const FOLDED = Uint16Array.from(
  ALNUM,
  (value, byte) =>
    value === 0 ? byte === QUOTE || byte === BACKSLASH ? MARK : 0 : value | 1 << KEPT,
);
/** What JSON has outside strings that is a value: digits. */
const DIGITS = FOLDED.map((value, byte) => byte >= 0x30 && byte <= 0x39 ? value : 0);

/** Two projections of a JSON text. */
export interface JsonProjections {
  /** All letters and digits. */
  readonly plain: Uint8Array;
  /**
   * Those of values only: strings that no colon follows, without the letters of escapes, and numbers. Names between
   * the parts of a split secret would pollute the projection of the whole.
   */
  readonly values: Uint8Array;
}

/** Bytes on each side of something cut out that are projected: longer than what a split secret has there. */
const NEAR = 160;
/** Buffers up to this size are kept for the next input, in bytes. */
const KEPT_SIZE = 4 * 1024 * 1024;

/**
 * Projects bytes: their letters and digits in lower case, which is what remains when separators, quotes and case are
 * taken away. Results lie in buffers that the next call of the same method, or {@linkcode forget}, overwrites:
 * new memory for each input would cost more than the projection.
 */
export class Projector {
  #plain = new Uint8Array(0);
  #values = new Uint8Array(0);
  #plainUsed = 0;
  #valuesUsed = 0;

  /** All letters and digits. */
  project(bytes: Uint8Array): Uint8Array {
    const out = this.#plainOf(bytes.length);
    return out.subarray(0, this.#plainUsed = append(out, 0, bytes, 0, bytes.length));
  }

  /** Both projections of a JSON text, in one pass. */
  projectJson(bytes: Uint8Array): JsonProjections {
    const plain = this.#plainOf(bytes.length);
    const values = this.#valuesOf(bytes.length);
    let plainLength = 0;
    let length = 0;
    let at = 0;
    while (at < bytes.length) {
      const outside = bytes[at++]!;
      const folded = FOLDED[outside]!;
      plain[plainLength] = folded;
      plainLength += (folded >> KEPT) & 1;
      if (outside !== QUOTE) {
        const digit = DIGITS[outside]!;
        values[length] = digit;
        length += digit >> KEPT;
        continue;
      }
      const before = length;
      for (; at < bytes.length; at++) {
        const byte = FOLDED[bytes[at]!]!;
        plain[plainLength] = byte;
        values[length] = byte;
        const step = (byte >> KEPT) & 1;
        plainLength += step;
        length += step;
        if (byte !== MARK) continue;
        if (bytes[at] === QUOTE) break;
        if (++at === bytes.length) break;
        const escaped = FOLDED[bytes[at]!]!;
        plain[plainLength] = escaped;
        plainLength += (escaped >> KEPT) & 1;
      }
      at++;
      while (at < bytes.length && bytes[at]! <= 0x20) at++;
      if (bytes[at] === COLON) length = before;
    }
    this.#plainUsed = plainLength;
    this.#valuesUsed = length;
    return { plain: plain.subarray(0, plainLength), values: values.subarray(0, length) };
  }

  /**
   * What stands around the cuts, as if they were not there; places far from each other are kept apart by a zero.
   *
   * @param cuts ranges that are left out, rising and apart from each other.
   */
  projectAround(bytes: Uint8Array, cuts: readonly (readonly [from: number, to: number])[]) {
    const out = this.#valuesOf(bytes.length + cuts.length + 1);
    let length = 0;
    let from = 0;
    for (let index = 0; index <= cuts.length; index++) {
      const to = cuts[index]?.[0] ?? bytes.length;
      if (to - from <= 2 * NEAR) length = append(out, length, bytes, from, to);
      else {
        length = append(out, length, bytes, from, from + NEAR);
        out[length++] = 0;
        length = append(out, length, bytes, to - NEAR, to);
      }
      from = cuts[index]?.[1] ?? to;
    }
    this.#valuesUsed = Math.max(this.#valuesUsed, length);
    return out.subarray(0, length);
  }

  /** Wipes what was projected. */
  forget(): void {
    this.#plain.fill(0, 0, this.#plainUsed + 1);
    this.#values.fill(0, 0, this.#valuesUsed + 1);
    this.#plainUsed = this.#valuesUsed = 0;
    if (this.#plain.length > KEPT_SIZE) this.#plain = new Uint8Array(0);
    if (this.#values.length > KEPT_SIZE) this.#values = new Uint8Array(0);
  }

  // One byte more than asked for: the step behind the last letter is written, too.
  #plainOf(size: number): Uint8Array {
    if (this.#plain.length <= size) this.#plain = new Uint8Array(roomFor(size));
    return this.#plain;
  }

  #valuesOf(size: number): Uint8Array {
    if (this.#values.length <= size) this.#values = new Uint8Array(roomFor(size));
    return this.#values;
  }
}

function roomFor(size: number): number {
  return Math.max(4096, size + (size >> 2) + 1);
}

/** Writes the letters and digits of `bytes` from `from` to `to` at `length` of `out`; the length after them. */
function append(out: Uint8Array, length: number, bytes: Uint8Array, from: number, to: number) {
  for (let at = from; at < to; at++) {
    const folded = FOLDED[bytes[at]!]!;
    out[length] = folded;
    length += (folded >> KEPT) & 1;
  }
  return length;
}

/** The letters and digits of `text` in lower case, in memory of their own. */
export function project(bytes: Uint8Array): Uint8Array {
  return new Projector().project(bytes).slice();
}

/** Offset in `bytes` of the letter or digit number `wanted` (from 0); the length when there are fewer. */
export function offsetOf(bytes: Uint8Array, wanted: number): number {
  let seen = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (ALNUM[bytes[index]!] === 0) continue;
    if (seen++ === wanted) return index;
  }
  return bytes.length;
}

/** Projected characters that a part of a secret must share to count. */
export const WINDOW = 12;

/**
 * For each start of a window of 12 characters in `text` (letters and digits, case kept) whether it carries
 * information. A plain window hits 37 % of real model requests for an unlucky secret ("leuserconten"), one that must
 * have six different characters, a digit and a letter, and no long run hits 0.2 %.
 */
export function informativeWindows(text: string): boolean[] {
  const found: boolean[] = [];
  for (let start = 0; start + WINDOW <= text.length; start++) {
    found.push(isInformative(text.slice(start, start + WINDOW)));
  }
  return found;
}

function isInformative(window: string): boolean {
  if (new Set(window).size < 6) return false;
  if (!/[0-9]/.test(window) || !/[A-Za-z]/.test(window)) return false;
  if (/[a-z]{7}|[A-Z]{9}/.test(window)) return false;
  let equal = 1;
  let rising = 1;
  for (let index = 1; index < window.length; index++) {
    const step = window.charCodeAt(index) - window.charCodeAt(index - 1);
    equal = step === 0 ? equal + 1 : 1;
    rising = step === 1 ? rising + 1 : 1;
    if (equal >= 6 || rising >= 6) return false;
  }
  return true;
}
