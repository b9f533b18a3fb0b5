/** Offset of the first byte above 127 at `from` or later; the length when there is none. Looks at four at a time. */
export function nextNonAscii(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes.byteOffset + at) % 4 !== 0) {
    if (bytes[at]! >= 0x80) return at;
    at++;
  }
  const words = (bytes.length - at) >> 2;
  if (words > 0) {
    const view = new Int32Array(bytes.buffer, bytes.byteOffset + at, words);
    let index = 0;
    while (index < words && (view[index]! & 0x80808080) === 0) index++;
    at += index * 4;
  }
  while (at < bytes.length && bytes[at]! < 0x80) at++;
  return at;
}
