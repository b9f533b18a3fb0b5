import { decodeAt } from "./fold_view.ts";
import { nextNonAscii } from "./non_ascii.ts";
import { decodedView, type View } from "./view.ts";

/** Characters that one run needs to be looked at. */
const LEAST = 10;

/**
 * Bytes hidden in runs of characters above ASCII: variation selectors (U+FE00 and U+E0100 on, one per byte) and
 * alphabets that begin at a multiple of 256 (emoji, braille), where the last byte of the UTF-16 form is the value.
 */
export function* smuggledViews(view: View): Generator<View> {
  const { bytes } = view;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at]! < 0x80) {
      at = nextNonAscii(bytes, at);
      continue;
    }
    const start = at;
    const low: number[] = [];
    const selected: number[] = [];
    const invisible: number[] = [];
    while (at < bytes.length && bytes[at]! >= 0x80) {
      const [codePoint, size] = decodeAt(bytes, at);
      at += size;
      if (codePoint < 0) break;
      const selector = selectorByte(codePoint);
      if (selector !== undefined) selected.push(selector);
      if (INVISIBLE_BITS.has(codePoint)) invisible.push(codePoint);
      low.push(codePoint & 0xff);
    }
    if (selected.length >= LEAST) {
      yield decodedView(view, start, at, Uint8Array.from(selected), "variation selectors");
    }
    for (const bytes of bitsOf(invisible)) {
      yield decodedView(view, start, at, bytes, "invisible bits");
    }
    if (low.length >= LEAST && mostlyPrintable(low)) {
      yield decodedView(view, start, at, Uint8Array.from(low), "low bytes");
    }
  }
}

/** Characters of no width that are used as zero and one. */
const INVISIBLE_BITS: ReadonlySet<number> = new Set([
  0x200b,
  0x200c,
  0x200d,
  0x2060,
  0x2062,
  0x2063,
  0x2064,
  0xfeff,
]);

/** Bytes written as two different characters of no width, whichever is the one. */
function* bitsOf(characters: readonly number[]): Generator<Uint8Array> {
  if (characters.length < LEAST * 8) return;
  const kinds = [...new Set(characters)];
  if (kinds.length < 2) return;
  for (const one of kinds.slice(0, 2)) {
    const bytes = new Uint8Array(characters.length >> 3);
    bytes.forEach((_, index) => {
      let value = 0;
      for (let bit = 0; bit < 8; bit++) {
        value = value << 1 | (characters[index * 8 + bit] === one ? 1 : 0);
      }
      bytes[index] = value;
    });
    if (mostlyPrintable([...bytes])) yield bytes;
  }
}

function selectorByte(codePoint: number): number | undefined {
  if (codePoint >= 0xfe00 && codePoint <= 0xfe0f) return codePoint - 0xfe00;
  if (codePoint >= 0xe0100 && codePoint <= 0xe01ef) return codePoint - 0xe0100 + 16;
  return undefined;
}

function mostlyPrintable(values: readonly number[]): boolean {
  const printable = values.filter((value) => value >= 0x20 && value < 0x7f).length;
  return printable * 10 >= values.length * 9;
}
