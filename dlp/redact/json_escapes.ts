import type { FieldText } from "./field.ts";

const SHORT: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/**
 * The inside of a JSON string (RFC 8259, section 7) as UTF-8. A lone surrogate becomes the three bytes that its code
 * point would have: it is only looked at, never written back.
 *
 * @param written a valid inside, without the quotes.
 * @param base offset of its first byte, added to all offsets.
 */
export function jsonUnescaped(written: Uint8Array, base: number): FieldText {
  const bytes = new Uint8Array(written.length);
  const offsets = new Uint32Array(written.length + 1);
  let length = 0;
  const push = (byte: number, at: number) => {
    offsets[length] = base + at;
    bytes[length++] = byte;
  };
  for (let at = 0; at < written.length;) {
    const byte = written[at]!;
    if (byte !== 0x5c) {
      push(byte, at++);
      continue;
    }
    const kind = written[at + 1]!;
    if (kind !== 0x75) {
      push(SHORT.get(kind) ?? kind, at);
      at += 2;
      continue;
    }
    const unit = unitAt(written, at);
    const low = (unit & 0xfc00) === 0xd800 ? unitAt(written, at + 6) : -1;
    const pair = (low & 0xfc00) === 0xdc00;
    const point = pair ? 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff) : unit;
    if (point < 0x80) push(point, at);
    else if (point < 0x800) {
      push(0xc0 | (point >> 6), at);
      push(0x80 | (point & 0x3f), at);
    } else {
      if (point >= 0x10000) push(0xf0 | (point >> 18), at);
      push(point >= 0x10000 ? 0x80 | ((point >> 12) & 0x3f) : 0xe0 | (point >> 12), at);
      push(0x80 | ((point >> 6) & 0x3f), at);
      push(0x80 | (point & 0x3f), at);
    }
    at += pair ? 12 : 6;
  }
  offsets[length] = base + written.length;
  return { bytes: bytes.subarray(0, length), offsets: offsets.subarray(0, length + 1) };
}

/** The UTF-16 unit that `\uXXXX` at `at` writes; -1 when there is none. */
function unitAt(written: Uint8Array, at: number): number {
  if (written[at] !== 0x5c || written[at + 1] !== 0x75) return -1;
  let unit = 0;
  for (let index = at + 2; index < at + 6; index++) {
    const byte = written[index]!;
    unit = unit * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
  }
  return unit;
}
