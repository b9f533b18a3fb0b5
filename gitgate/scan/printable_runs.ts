/** Shortest run that can be a part of a secret. */
const SHORTEST = 5;

/**
 * The runs of text in binary bytes, one a line: what strings(1) shows. Bytes above ASCII count as text, since they may
 * be UTF-8.
 */
export function printableRuns(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  let length = 0;
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = at < bytes.length ? bytes[at]! : 0;
    if (byte >= 0x20 && byte !== 0x7f || byte === 9 || byte === 10 || byte === 13) continue;
    if (at - start >= SHORTEST) {
      out.set(bytes.subarray(start, at), length);
      length += at - start;
      out[length++] = 10;
    }
    start = at + 1;
  }
  return out.subarray(0, length);
}
