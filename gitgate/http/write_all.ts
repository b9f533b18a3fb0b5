/** Writes every byte with a call that may take fewer. */
export async function writeAllWith(
  write: (part: Uint8Array) => Promise<number>,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await write(bytes.subarray(at));
}
