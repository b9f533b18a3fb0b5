/** 1 for printable ASCII and the white space of text. */
const PRINTABLE = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[\x20-\x7e\r\n\t]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The runs of `least` printable bytes or more, a line each. */
export function printableRuns(bytes: Uint8Array, least: number): Uint8Array {
  const runs: Uint8Array[] = [];
  let size = 0;
  let done = 0;
  // Looks where the shortest run would end, and back: what stops that says where the next one may begin.
  for (let at = least - 1; at < bytes.length;) {
    let start = at + 1;
    while (start > done && start > at - least + 1 && PRINTABLE[bytes[start - 1]!] === 1) start--;
    if (at - start < least - 1) {
      at = start + least - 1;
      continue;
    }
    let end = at + 1;
    while (end < bytes.length && PRINTABLE[bytes[end]!] === 1) end++;
    runs.push(bytes.subarray(start, end));
    size += end - start + 1;
    done = end;
    at = end + least;
  }
  const out = new Uint8Array(size);
  let length = 0;
  for (const run of runs) {
    out.set(run, length);
    length += run.length;
    out[length++] = 0x0a;
  }
  return out;
}
