/** Lower-case form of letters and digits, 0 for every other byte. */
const ALNUM = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a)) return byte;
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : 0;
});

/** 1 for letters and digits: adding it moves on without a branch. */
const KEEP = ALNUM.map((value) => value === 0 ? 0 : 1);

/** The letters and digits of `bytes` in lower case: what remains when separators, quotes and case are taken away. */
export function project(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    out[length] = ALNUM[byte]!;
    length += KEEP[byte]!;
  }
  return out.subarray(0, length);
}

/**
 * The same for JSON, of its values only: strings that no colon follows, and numbers. Names between the parts of a
 * split secret would pollute the projection of the whole.
 */
export function projectJsonValues(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    const opening = bytes[at++]!;
    if (opening !== 0x22) {
      out[length] = opening;
      length += opening >= 0x30 && opening <= 0x39 ? 1 : 0;
      continue;
    }
    const before = length;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === 0x22) break;
      out[length] = ALNUM[byte]!;
      length += KEEP[byte]!;
      if (byte === 0x5c) at++;
    }
    at++;
    while (at < bytes.length && bytes[at]! <= 0x20) at++;
    if (bytes[at] === 0x3a) length = before;
  }
  return out.subarray(0, length);
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
