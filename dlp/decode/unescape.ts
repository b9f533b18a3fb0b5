import { type Escape, escapeAt } from "../text/escape.ts";
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
  const offsets = new Uint32Array(total + 1);
  let length = 0;
  for (const [from, to] of ranges) {
    for (let at = from; at < to;) {
      const byte = bytes[at]!;
      const escape = OPENS[byte] === 1 ? escapeAt(bytes, at) : undefined;
      if (escape === undefined) {
        offsets[length] = at++;
        out[length++] = byte;
        continue;
      }
      // UTF-8 of a code point is never longer than its escape.
      for (const unit of unitsOf(escape)) {
        offsets[length] = at;
        out[length++] = unit;
      }
      at += escape.size;
    }
    offsets[length] = to;
    out[length++] = 0x0a;
  }
  offsets[length] = bytes.length;
  return mappedView(view, out.subarray(0, length), offsets.subarray(0, length + 1), "escapes");
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

const NOTHING = new Uint8Array(0);

function unitsOf({ value, isByte }: Escape): Uint8Array | readonly number[] {
  if (value < 0) return NOTHING;
  if (value < 0x80 || isByte) return [value];
  const valid = value >= 0xd800 && value <= 0xdfff ? 0xfffd : value;
  return new TextEncoder().encode(String.fromCodePoint(valid));
}
