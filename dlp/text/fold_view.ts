import type { CharacterFold } from "./fold_character.ts";
import { nextNonAscii } from "./non_ascii.ts";
import { mappedView, type View } from "./view.ts";

/** How far a value may reach around a folded character, in bytes. */
const BEFORE = 300;
const AFTER = 1500;

/**
 * The neighbourhoods of characters that read as ASCII though they are not (full-width, accented, Cyrillic…), written
 * in ASCII; undefined when there are none. Offsets go back to the original.
 */
export function foldedView(view: View, fold: CharacterFold): View | undefined {
  const ranges = foldableRanges(view.bytes, fold);
  if (ranges.length === 0) return undefined;
  const total = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  // One character of two bytes or more can read as several ASCII ones (U+FDFA reads as 18).
  let out = new Uint8Array(total + 64);
  let offsets = new Uint32Array(total + 65);
  let length = 0;
  const push = (byte: number, offset: number) => {
    if (length === out.length) {
      const larger = new Uint8Array(out.length * 2);
      larger.set(out);
      out = larger;
      const further = new Uint32Array(out.length + 1);
      further.set(offsets);
      offsets = further;
    }
    out[length] = byte;
    offsets[length++] = offset;
  };
  for (const [from, to] of ranges) {
    for (let at = from; at < to;) {
      const byte = view.bytes[at]!;
      if (byte < 0x80) {
        push(byte, at++);
        continue;
      }
      const [codePoint, size] = decodeAt(view.bytes, at);
      const text = codePoint < 0 ? undefined : fold.fold(codePoint);
      if (text === undefined) push(0x80, at);
      else for (let index = 0; index < text.length; index++) push(text.charCodeAt(index), at);
      at += size;
    }
    push(0x0a, to);
  }
  offsets[length] = view.bytes.length;
  return mappedView(view, out.subarray(0, length), offsets.subarray(0, length + 1), "unicode");
}

/** Ranges around foldable characters, merged, none beginning inside a character. */
function foldableRanges(bytes: Uint8Array, fold: CharacterFold): [number, number][] {
  const ranges: [number, number][] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at]! < 0x80) {
      at = nextNonAscii(bytes, at);
      continue;
    }
    const [codePoint, size] = decodeAt(bytes, at);
    if (
      codePoint >= 0 && (at === 0 || joins(bytes[at - 1]!)) && joins(bytes[at + size] ?? 0) &&
      fold.fold(codePoint) !== undefined
    ) {
      const from = Math.max(0, at - BEFORE);
      const to = Math.min(bytes.length, at + AFTER);
      const last = ranges.at(-1);
      if (last !== undefined && from <= last[1]) last[1] = to;
      else ranges.push([from, to]);
    }
    at += size;
  }
  return ranges;
}

/** Whether a byte can belong to a token: what stands alone between spaces changes none. */
function joins(byte: number): boolean {
  return byte >= 0x80 || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x5f;
}

/**
 * The code point of the UTF-8 sequence at `at` and its size; -1 and 1 when there is none. Overlong sequences of two
 * bytes, which RFC 3629 forbids, are read as lenient decoders read them.
 */
export function decodeAt(bytes: Uint8Array, at: number): [codePoint: number, size: number] {
  const first = bytes[at]!;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  if (size === 1 || first > 0xf4) return [first < 0x80 ? first : -1, 1];
  let codePoint = first & (0x7f >> size);
  for (let index = 1; index < size; index++) {
    const next = bytes[at + index];
    if (next === undefined || (next & 0xc0) !== 0x80) return [-1, 1];
    codePoint = (codePoint << 6) | (next & 0x3f);
  }
  return codePoint > 0x10ffff ? [-1, 1] : [codePoint, size];
}
