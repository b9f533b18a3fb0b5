import { mappedView, type View } from "../text/view.ts";

/** 1 for the characters that escapes begin with. */
const OPENS = Uint8Array.from(
  { length: 256 },
  (_, byte) => [0x25, 0x26, 0x3d, 0x5c].includes(byte) ? 1 : 0,
);
/** How far a value may reach around an escape, in bytes. */
const BEFORE = 100;
const AFTER = 700;

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

/**
 * The neighbourhoods of percent, `%u`, backslash (`\\x`, `\\u`, octal), HTML and quoted-printable escapes with all of
 * them undone once; undefined when there are none. Offsets are kept.
 */
export function unescapedView(view: View): View | undefined {
  const { bytes, text } = view;
  const ranges = escapedRanges(bytes, text);
  if (ranges.length === 0) return undefined;
  const total = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const out = new Uint8Array(total);
  const offsets = new Uint32Array(total + 1);
  let length = 0;
  for (const [from, to] of ranges) {
    for (let at = from; at < to;) {
      const byte = bytes[at]!;
      const found = byte === 0x25 || byte === 0x5c || byte === 0x26 || byte === 0x3d
        ? escapeAt(bytes, text, at)
        : undefined;
      const [value, size] = found ?? [byte, 1];
      // UTF-8 of a code point is never longer than its escape.
      if (value >= 0x80 && size > 1 && !(byte === 0x25 && size === 3) && byte !== 0x3d) {
        for (const unit of utf8(value)) {
          offsets[length] = at;
          out[length++] = unit;
        }
      } else if (value >= 0) {
        offsets[length] = at;
        out[length++] = value;
      }
      at += size;
    }
    offsets[length] = to;
    out[length++] = 0x0a;
  }
  offsets[length] = bytes.length;
  return mappedView(view, out.subarray(0, length), offsets.subarray(0, length + 1), "escapes");
}

function escapedRanges(bytes: Uint8Array, text: string): [number, number][] {
  const ranges: [number, number][] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (OPENS[bytes[at]!] === 0 || escapeAt(bytes, text, at) === undefined) continue;
    const from = Math.max(0, at - BEFORE);
    const to = Math.min(text.length, at + AFTER);
    const last = ranges.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
    at += 24; // covered already
  }
  return ranges;
}

/** Value (-1 for nothing) and size of the escape at `at`; undefined when there is none. */
function escapeAt(
  bytes: Uint8Array,
  text: string,
  at: number,
): [value: number, size: number] | undefined {
  switch (bytes[at]) {
    case 0x25: {
      if (bytes[at + 1] === 0x75) {
        const value = hexAt(bytes, at + 2, 4);
        return value < 0 ? undefined : [value, 6];
      }
      const value = hexAt(bytes, at + 1, 2);
      return value < 0 ? undefined : [value, 3];
    }
    case 0x3d: {
      if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return [-1, 3];
      if (bytes[at + 1] === 0x0a) return [-1, 2];
      // Quoted-printable writes capitals; "x=ab" is an assignment.
      const value = hexAt(bytes, at + 1, 2);
      return value < 0 || bytes[at + 1]! >= 0x61 || bytes[at + 2]! >= 0x61 ? undefined : [value, 3];
    }
    case 0x5c:
      return backslashAt(bytes, at);
    default: {
      if (bytes[at + 1] === 0x26 || bytes[at + 1] === 0x20) return undefined;
      const entity = /^&(?:#(?:[xX]([0-9A-Fa-f]{1,6})|([0-9]{1,7}))|([a-z]{2,8}));?/.exec(
        text.slice(at, at + 12),
      );
      if (entity === null) return undefined;
      const [whole, hex, decimal, name] = entity;
      const value = hex !== undefined
        ? parseInt(hex, 16)
        : decimal !== undefined
        ? Number(decimal)
        : NAMED.get(name!);
      return value === undefined || value > 0x10ffff ? undefined : [value, whole.length];
    }
  }
}

function backslashAt(bytes: Uint8Array, at: number): [value: number, size: number] | undefined {
  const kind = bytes[at + 1];
  if (kind === 0x78) {
    const value = hexAt(bytes, at + 2, 2);
    return value < 0 ? undefined : [value, 4];
  }
  if (kind === 0x75 || kind === 0x55) {
    const value = hexAt(bytes, at + 2, kind === 0x75 ? 4 : 8);
    return value < 0 || value > 0x10ffff ? undefined : [value, kind === 0x75 ? 6 : 10];
  }
  let value = 0;
  let digits = 0;
  while (digits < 3 && bytes[at + 1 + digits]! >= 0x30 && bytes[at + 1 + digits]! <= 0x37) {
    value = value * 8 + bytes[at + 1 + digits]! - 0x30;
    digits++;
  }
  return digits < 2 || value > 0xff ? undefined : [value, digits + 1];
}

/** The number that `digits` hexadecimal digits write; -1 when they are not all there. */
function hexAt(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let index = at; index < at + digits; index++) {
    const byte = bytes[index] ?? 0;
    const digit = byte >= 0x30 && byte <= 0x39
      ? byte - 0x30
      : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
      ? (byte | 0x20) - 0x57
      : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function utf8(codePoint: number): Uint8Array {
  const valid = codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
  return new TextEncoder().encode(String.fromCodePoint(valid));
}
