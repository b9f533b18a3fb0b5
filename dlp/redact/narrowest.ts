/** Longest text in which a place is searched by trying, in bytes. */
const LONGEST = 64 * 1024;

/**
 * A narrow range of `bytes` in which `found` still holds, searched by halving its end, then its start; undefined when
 * the text is too long or does not hold in any part that was tried.
 *
 * @param found holds for `bytes` as a whole.
 */
export function narrowest(
  bytes: Uint8Array,
  found: (bytes: Uint8Array) => boolean,
): { start: number; end: number } | undefined {
  if (bytes.length > LONGEST) return undefined;
  let low = 0;
  let end = bytes.length;
  while (low + 1 < end) {
    const middle = (low + end) >> 1;
    if (found(bytes.subarray(0, middle))) end = middle;
    else low = middle;
  }
  let start = 0;
  let high = end;
  while (start + 1 < high) {
    const middle = (start + high) >> 1;
    if (found(bytes.subarray(middle, end))) start = middle;
    else high = middle;
  }
  return found(bytes.subarray(start, end)) ? { start, end } : undefined;
}
