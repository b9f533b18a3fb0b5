/**
 * The data of a body that is written in chunks (RFC 9112, section 7.1) inside another one; undefined when it is not
 * chunked to its end.
 */
export function dechunk(bytes: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0, chunks = 0;; chunks++) {
    const [size, data] = sizeLine(bytes, at);
    if (size === undefined) return undefined;
    if (size === 0) return chunks > 0 ? out.subarray(0, length) : undefined;
    if (data + size + 2 > bytes.length) return undefined;
    out.set(bytes.subarray(data, data + size), length);
    length += size;
    at = data + size + 2;
  }
}

/** The size that the line at `at` announces, and where its data begins. */
function sizeLine(bytes: Uint8Array, at: number): [size: number | undefined, data: number] {
  let line = "";
  for (let index = at; index < Math.min(bytes.length, at + 256); index++) {
    if (bytes[index] === 0x0a) {
      const size = /^([0-9a-fA-F]{1,8})[ \t]{0,8}(?:;[^\r]{0,200})?\r$/.exec(line)?.[1];
      return [size === undefined ? undefined : parseInt(size, 16), index + 1];
    }
    line += String.fromCharCode(bytes[index]!);
    if (index === at && !/[0-9a-fA-F]/.test(line)) break;
  }
  return [undefined, at];
}
