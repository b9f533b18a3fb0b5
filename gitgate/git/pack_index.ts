/**
 * The object ids in a pack's index (gitformat-pack(5), version 2).
 *
 * @param index the whole `.idx` file.
 * @throws Error when it is of another version, or cut off.
 */
export function* packIds(index: Uint8Array): Generator<string> {
  const view = new DataView(index.buffer, index.byteOffset, index.length);
  const TABLE = 8 + 256 * 4;
  if (index.length < TABLE || view.getUint32(0) !== 0xff744f63 || view.getUint32(4) !== 2) {
    throw new Error("A pack's index is not of version 2");
  }
  const count = view.getUint32(TABLE - 4);
  if (index.length < TABLE + count * 20) throw new Error("A pack's index is cut off");
  for (let at = TABLE; at < TABLE + count * 20; at += 20) yield hexOf(index.subarray(at, at + 20));
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}
