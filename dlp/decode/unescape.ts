import { escapeAt, isByte, sizeOf, valueOf } from "../text/escape.ts";
import { ESCAPE_GAP } from "../text/survey.ts";
import { mappedView, type View } from "../text/view.ts";

/** How far a value may reach around an escape, in bytes. */
const BEFORE = 100;
const AFTER = 700;

/** 1 for the characters that escapes begin with. */
const OPENS = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[%&=\\]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The neighbourhoods of escapes with all of them undone once; undefined when there are none. Offsets are kept. */
export function unescapedView(view: View): View | undefined {
  const { bytes } = view;
  const ranges = neighbourhoods(view.survey.escapes, bytes.length);
  if (ranges.length === 0) return undefined;
  const total = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const out = new Uint8Array(total);
  const length = unescape(bytes, ranges, out);
  const offsets = () => {
    const offsets = new Uint32Array(length + 1);
    unescape(bytes, ranges, new Uint8Array(total), offsets);
    return offsets;
  };
  return mappedView(view, out.subarray(0, length), offsets, "escapes");
}

/** Writes `ranges` of `bytes` with all escapes undone, and where each byte came from. Returns the length of `out`. */
function unescape(
  bytes: Uint8Array,
  ranges: readonly (readonly [from: number, to: number])[],
  out: Uint8Array,
  offsets?: Uint32Array,
): number {
  let length = 0;
  for (const [from, to] of ranges) {
    for (let at = from; at < to;) {
      const byte = bytes[at]!;
      const escape = OPENS[byte] === 1 ? escapeAt(bytes, at) : 0;
      if (escape === 0) {
        if (offsets !== undefined) offsets[length] = at;
        out[length++] = byte;
        at++;
        continue;
      }
      // UTF-8 of a code point is never longer than its escape.
      const value = valueOf(escape);
      const after = value < 0
        ? length
        : isByte(escape)
        ? writeByte(out, length, value)
        : writeUtf8(out, length, value);
      offsets?.fill(at, length, after);
      length = after;
      at += sizeOf(escape);
    }
    if (offsets !== undefined) offsets[length] = to;
    out[length++] = 0x0a;
  }
  if (offsets !== undefined) offsets[length] = bytes.length;
  return length;
}

function neighbourhoods(escapes: readonly number[], length: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (const at of escapes) {
    const from = Math.max(0, at - BEFORE);
    const to = Math.min(length, at + AFTER + ESCAPE_GAP);
    const last = ranges.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
  }
  return ranges;
}

function writeByte(out: Uint8Array, at: number, byte: number): number {
  out[at] = byte;
  return at + 1;
}

/** RFC 3629, section 3; a lone surrogate as the replacement character. Returns the offset after it. */
function writeUtf8(out: Uint8Array, at: number, codePoint: number): number {
  const value = codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint;
  if (value < 0x80) return writeByte(out, at, value);
  if (value < 0x800) return continued(out, writeByte(out, at, 0xc0 | value >> 6), value, 1);
  if (value < 0x10000) return continued(out, writeByte(out, at, 0xe0 | value >> 12), value, 2);
  return continued(out, writeByte(out, at, 0xf0 | value >> 18), value, 3);
}

/** Writes the lowest `count` groups of six bits. */
function continued(out: Uint8Array, at: number, value: number, count: number): number {
  for (let group = count - 1; group >= 0; group--) out[at++] = 0x80 | (value >> (group * 6)) & 0x3f;
  return at;
}
