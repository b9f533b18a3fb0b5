import { BLOCK, type LetterStream } from "./letter_stream.ts";

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

/** Bytes on each side of something cut out that are projected: longer than what a split secret has there. */
const NEAR = 160;

/** The letters and digits of `bytes` in lower case: what remains when separators, quotes and case are taken away. */
export function project(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  return out.subarray(0, fold(bytes, 0, bytes.length, out, 0));
}

/** Writes the letters and digits of `bytes` from `from` to `to` at `length` of `out`; the length after them. */
function fold(
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  length: number,
): number {
  for (let at = from; at < to; at++) {
    const folded = FOLDED[bytes[at]!]!;
    out[length] = folded;
    length += (folded >> KEPT) & 1;
  }
  return length;
}

/** Appends the letters and digits of `bytes` from `from` to `to`. */
export function append(stream: LetterStream, bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += BLOCK) {
    stream.makeRoom();
    stream.length = fold(bytes, at, Math.min(to, at + BLOCK), stream.buffer, stream.length);
  }
}

/** Appends a zero: nothing that is looked for lies over it. */
function separate(stream: LetterStream): void {
  stream.makeRoom();
  stream.buffer[stream.length++] = 0;
}

/**
 * Appends what stands around cuts, as if they were not there; places far from each other are kept apart.
 *
 * @param cuts ranges that are left out, rising and apart from each other.
 */
export function appendAround(
  stream: LetterStream,
  bytes: Uint8Array,
  cuts: Iterable<readonly [from: number, to: number]>,
): void {
  let from = 0;
  for (const [to, next] of cuts) {
    appendEnds(stream, bytes, from, to);
    from = next;
  }
  appendEnds(stream, bytes, from, bytes.length);
}

function appendEnds(stream: LetterStream, bytes: Uint8Array, from: number, to: number): void {
  if (to - from <= 2 * NEAR) return append(stream, bytes, from, to);
  append(stream, bytes, from, from + NEAR);
  separate(stream);
  append(stream, bytes, to - NEAR, to);
}

/**
 * Appends a JSON text to two streams in one pass: to `plain` all letters and digits, to `values` those of values only,
 * which are strings that no colon follows, without the letters of escapes, and numbers. Names between the parts of a
 * split secret would pollute the projection of the whole.
 */
export function appendJson(bytes: Uint8Array, plain: LetterStream, values: LetterStream): void {
  const size = bytes.length;
  let inString = false;
  let before = 0;
  for (let at = 0; at < size;) {
    plain.makeRoom();
    before = Math.max(0, before - values.makeRoom());
    const stop = Math.min(size, at + BLOCK);
    const plainOut = plain.buffer;
    const valuesOut = values.buffer;
    let plainLength = plain.length;
    let length = values.length;
    while (at < stop) {
      if (!inString) {
        const outside = bytes[at++]!;
        const letter = FOLDED[outside]!;
        plainOut[plainLength] = letter;
        plainLength += (letter >> KEPT) & 1;
        const digit = DIGITS[outside]!;
        valuesOut[length] = digit;
        length += digit >> KEPT;
        if (outside !== QUOTE) continue;
        inString = true;
        before = length;
      }
      for (; at < stop; at++) {
        const letter = FOLDED[bytes[at]!]!;
        plainOut[plainLength] = letter;
        valuesOut[length] = letter;
        const step = (letter >> KEPT) & 1;
        plainLength += step;
        length += step;
        if (letter !== MARK) continue;
        if (bytes[at] === QUOTE) {
          inString = false;
          break;
        }
        if (++at === size) break;
        const escaped = FOLDED[bytes[at]!]!;
        plainOut[plainLength] = escaped;
        plainLength += (escaped >> KEPT) & 1;
      }
      if (inString) continue;
      let next = ++at;
      while (next < size && bytes[next]! <= 0x20) next++;
      if (bytes[next] === COLON) length = before;
    }
    plain.length = plainLength;
    values.length = length;
  }
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
