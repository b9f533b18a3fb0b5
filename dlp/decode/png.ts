import type { View } from "../text/view.ts";

/** Compressed data inside a PNG image. */
export interface PngData {
  readonly start: number;
  readonly end: number;
  /** A zlib stream. */
  readonly bytes: Uint8Array;
  readonly kind: "text" | "pixels";
}

const SIGNATURE = "\x89PNG\r\n\x1a\n";
/** Images whose pixels take more are not unpacked: a screenshot is no text. In bytes. */
const MOST_PIXELS = 1024 * 1024;

/**
 * What PNG images in a view hold compressed: texts (zTXt, iTXt), and the pixels of small images. Other texts are seen
 * as they are. PNG specification, third edition, sections 5 and 11.
 *
 * @param onLarge called for an image whose pixels are too many.
 */
export function* pngData({ bytes, text }: View, onLarge: () => void): Generator<PngData> {
  for (let at = text.indexOf(SIGNATURE); at >= 0; at = text.indexOf(SIGNATURE, at + 8)) {
    yield* chunksOf(bytes, at + SIGNATURE.length, onLarge);
  }
}

function* chunksOf(bytes: Uint8Array, first: number, onLarge: () => void): Generator<PngData> {
  const pixels: Uint8Array[] = [];
  let size = 0;
  let at = first;
  while (at + 12 <= bytes.length) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const length = view.getUint32(0);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    const next = at + 12 + length;
    if (type === "IHDR" && data.length >= 13) size = view.getUint32(8) * view.getUint32(12) * 4;
    if (type === "IDAT") pixels.push(data);
    const text = type === "zTXt"
      ? afterZeros(data, 1, 1)
      : type === "iTXt"
      ? compressedText(data)
      : -1;
    if (text >= 0) yield { start: at, end: next, bytes: data.subarray(text), kind: "text" };
    at = next;
    if (type === "IEND") break;
  }
  if (pixels.length === 0) return;
  if (size > MOST_PIXELS) return onLarge();
  const joined = new Uint8Array(pixels.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of pixels) {
    joined.set(part, filled);
    filled += part.length;
  }
  yield { start: first, end: Math.min(at, bytes.length), bytes: joined, kind: "pixels" };
}

/** Offset of the text of an iTXt chunk when it is compressed; -1 otherwise. */
function compressedText(data: Uint8Array): number {
  const flag = afterZeros(data, 1, 0);
  return flag >= 0 && data[flag] === 1 ? afterZeros(data.subarray(flag + 2), 2, flag + 2) : -1;
}

/** Offset after the `count`-th zero byte, plus `more`; -1 when there are fewer. */
function afterZeros(data: Uint8Array, count: number, more: number): number {
  let at = -1;
  for (let zero = 0; zero < count; zero++) {
    at = data.indexOf(0, at + 1);
    if (at < 0) return -1;
  }
  return at + 1 + more;
}
