/** What an escape stands for, and how long it is written. */
export interface Escape {
  /** Code point or byte; -1 for nothing (a soft line break of quoted-printable). */
  readonly value: number;
  readonly size: number;
  /** The value is one byte of the text, not a code point. */
  readonly isByte: boolean;
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
 * The percent, `%u`, backslash (`\x`, `\u`, octal), HTML or quoted-printable escape that begins at `at`; undefined
 * when none does.
 */
export function escapeAt(bytes: Uint8Array, at: number): Escape | undefined {
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
      return undefined;
  }
}

function percentAt(bytes: Uint8Array, at: number): Escape | undefined {
  if (bytes[at + 1] === 0x75) {
    const value = hexAt(bytes, at + 2, 4);
    return value < 0 ? undefined : { value, size: 6, isByte: false };
  }
  const value = hexAt(bytes, at + 1, 2);
  return value < 0 ? undefined : { value, size: 3, isByte: true };
}

/** RFC 2045, section 6.7. It writes capitals; "x=ab" is an assignment. */
function quotedPrintableAt(bytes: Uint8Array, at: number): Escape | undefined {
  if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return { value: -1, size: 3, isByte: true };
  if (bytes[at + 1] === 0x0a) return { value: -1, size: 2, isByte: true };
  const value = hexAt(bytes, at + 1, 2);
  if (value < 0 || bytes[at + 1]! >= 0x61 || bytes[at + 2]! >= 0x61) return undefined;
  return { value, size: 3, isByte: true };
}

function backslashAt(bytes: Uint8Array, at: number): Escape | undefined {
  const kind = bytes[at + 1];
  if (kind === 0x78) {
    const value = hexAt(bytes, at + 2, 2);
    return value < 0 ? undefined : { value, size: 4, isByte: false };
  }
  if (kind === 0x75 || kind === 0x55) {
    const digits = kind === 0x75 ? 4 : 8;
    const value = hexAt(bytes, at + 2, digits);
    return value < 0 || value > 0x10ffff ? undefined : { value, size: digits + 2, isByte: false };
  }
  let value = 0;
  let digits = 0;
  while (digits < 3 && bytes[at + 1 + digits]! >= 0x30 && bytes[at + 1 + digits]! <= 0x37) {
    value = value * 8 + bytes[at + 1 + digits]! - 0x30;
    digits++;
  }
  return digits < 2 || value > 0xff ? undefined : { value, size: digits + 1, isByte: false };
}

/** https://html.spec.whatwg.org/#character-references, of the named ones those that a token may hold. */
function entityAt(bytes: Uint8Array, at: number): Escape | undefined {
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
    if (end === first || value > 0x10ffff) return undefined;
  } else {
    const name = NAMED_BY_START.get((bytes[end] ?? 0) << 8 | (bytes[end + 1] ?? 0));
    if (name === undefined) return undefined;
    for (const letter of name) if (bytes[end++] !== letter.charCodeAt(0)) return undefined;
    value = NAMED.get(name)!;
  }
  if (bytes[end] === 0x3b) end++;
  return { value, size: end - at, isByte: false };
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
