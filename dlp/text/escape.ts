/**
 * What an escape stands for and how long it is written, in one number, since texts hold hundreds of thousands of them:
 * see {@linkcode valueOf}, {@linkcode sizeOf} and {@linkcode isByte}. 0 is none.
 */
export type Escape = number;

const SIZE_BITS = 4;
const NO_ESCAPE: Escape = 0;

function packed(value: number, size: number, byte: boolean): Escape {
  return ((value + 1) << SIZE_BITS | size) << 1 | (byte ? 1 : 0);
}

/** Code point or byte; -1 for nothing (a soft line break of quoted-printable). */
export function valueOf(escape: Escape): number {
  return (escape >> (SIZE_BITS + 1)) - 1;
}

/** Bytes that it is written in. */
export function sizeOf(escape: Escape): number {
  return (escape >> 1) & ((1 << SIZE_BITS) - 1);
}

/** Whether the value is one byte of the text, not a code point. */
export function isByte(escape: Escape): boolean {
  return (escape & 1) === 1;
}

const NAMED: ReadonlyMap<string, number> = new Map([
  ["quot", 0x22],
  ["amp", 0x26],
  ["apos", 0x27],
  ["lt", 0x3c],
  ["gt", 0x3e],
  ["colon", 0x3a],
  ["sol", 0x2f],
  ["lowbar", 0x5f],
  ["period", 0x2e],
  ["hyphen", 0x2d],
]);

/** No two of them begin with the same two letters. */
const NAMED_BY_START: ReadonlyMap<number, string> = new Map(
  [...NAMED.keys()].map((name) => [name.charCodeAt(0) << 8 | name.charCodeAt(1), name]),
);

/**
 * The percent, `%u`, backslash (`\x`, `\u`, octal), HTML or quoted-printable escape that begins at `at`; 0 when
 * none does.
 */
export function escapeAt(bytes: Uint8Array, at: number): Escape {
  switch (bytes[at]) {
    case 0x25:
      return percentAt(bytes, at);
    case 0x3d:
      return quotedPrintableAt(bytes, at);
    case 0x5c:
      return backslashAt(bytes, at);
    case 0x26:
      return entityAt(bytes, at);
    default:
      return NO_ESCAPE;
  }
}

function percentAt(bytes: Uint8Array, at: number): Escape {
  if (bytes[at + 1] === 0x75) {
    const value = hexAt(bytes, at + 2, 4);
    return value < 0 ? NO_ESCAPE : packed(value, 6, false);
  }
  const value = hexAt(bytes, at + 1, 2);
  return value < 0 ? NO_ESCAPE : packed(value, 3, true);
}

/** RFC 2045, section 6.7. It writes capitals; "x=ab" is an assignment. */
function quotedPrintableAt(bytes: Uint8Array, at: number): Escape {
  if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return packed(-1, 3, true);
  if (bytes[at + 1] === 0x0a) return packed(-1, 2, true);
  const value = hexAt(bytes, at + 1, 2);
  if (value < 0 || bytes[at + 1]! >= 0x61 || bytes[at + 2]! >= 0x61) return NO_ESCAPE;
  return packed(value, 3, true);
}

function backslashAt(bytes: Uint8Array, at: number): Escape {
  const kind = bytes[at + 1];
  if (kind === 0x78) {
    const value = hexAt(bytes, at + 2, 2);
    return value < 0 ? NO_ESCAPE : packed(value, 4, false);
  }
  if (kind === 0x75 || kind === 0x55) {
    const digits = kind === 0x75 ? 4 : 8;
    const value = hexAt(bytes, at + 2, digits);
    return value < 0 || value > 0x10ffff ? NO_ESCAPE : packed(value, digits + 2, false);
  }
  let value = 0;
  let digits = 0;
  while (digits < 3 && bytes[at + 1 + digits]! >= 0x30 && bytes[at + 1 + digits]! <= 0x37) {
    value = value * 8 + bytes[at + 1 + digits]! - 0x30;
    digits++;
  }
  return digits < 2 || value > 0xff ? NO_ESCAPE : packed(value, digits + 1, false);
}

/** https://html.spec.whatwg.org/#character-references, of the named ones those that a token may hold. */
function entityAt(bytes: Uint8Array, at: number): Escape {
  let end = at + 1;
  let value: number | undefined;
  if (bytes[end] === 0x23) {
    const radix = bytes[end + 1] === 0x78 || bytes[end + 1] === 0x58 ? 16 : 10;
    const first = end += radix === 16 ? 2 : 1;
    value = 0;
    for (; end < bytes.length && end - first < 8; end++) {
      const digit = HEX[bytes[end]!]!;
      if (digit < 0 || digit >= radix) break;
      value = value * radix + digit;
    }
    if (end === first || value > 0x10ffff) return NO_ESCAPE;
  } else {
    const name = NAMED_BY_START.get((bytes[end] ?? 0) << 8 | (bytes[end + 1] ?? 0));
    if (name === undefined) return NO_ESCAPE;
    for (const letter of name) if (bytes[end++] !== letter.charCodeAt(0)) return NO_ESCAPE;
    value = NAMED.get(name)!;
  }
  if (bytes[end] === 0x3b) end++;
  return packed(value, end - at, false);
}

/** The number that `digits` hexadecimal digits write; -1 when they are not all there. */
function hexAt(bytes: Uint8Array, at: number, digits: number): number {
  if (at + digits > bytes.length) return -1;
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const digit = HEX[bytes[index]!]!;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

const HEX = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
});
