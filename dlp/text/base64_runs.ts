/** Characters that a run needs to be decoded. */
export const SHORTEST_RUN = 20;

/** 1 for characters of Base64 in either alphabet. */
const MEMBER = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** A run of Base64 characters; one line break at a time may stand inside. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** Runs of {@linkcode SHORTEST_RUN} or more: looks at every twentieth byte, and around those that may belong to one. */
export function* base64Runs(bytes: Uint8Array): Generator<Run> {
  let done = 0;
  for (let at = SHORTEST_RUN - 1; at < bytes.length; at += SHORTEST_RUN) {
    if (at < done || MEMBER[bytes[at]!] === 0) continue;
    let start = at;
    while (start > done && MEMBER[bytes[start - 1]!] === 1) start--;
    let end = at + 1;
    for (;;) {
      while (end < bytes.length && MEMBER[bytes[end]!] === 1) end++;
      const resumed = resumesAt(bytes, end);
      if (resumed === undefined || end - start < SHORTEST_RUN) break;
      end = resumed;
    }
    done = end;
    if (end - start >= SHORTEST_RUN) yield { start, end };
    if (end > at) at = end - (end - at) % SHORTEST_RUN;
  }
}

/** Where a folded run goes on after a line break (also one written as `\n`); undefined when it does not. */
function resumesAt(bytes: Uint8Array, end: number): number | undefined {
  let at = end;
  if (bytes[at] === 0x5c && bytes[at + 1] === 0x72) at += 2;
  if (bytes[at] === 0x5c && bytes[at + 1] === 0x6e) at += 2;
  if (bytes[at] === 0x0d) at++;
  if (bytes[at] === 0x0a) at++;
  if (at === end) return undefined;
  let follow = at;
  while (follow < bytes.length && follow - at < SHORTEST_RUN && MEMBER[bytes[follow]!] === 1) {
    follow++;
  }
  return follow - at >= SHORTEST_RUN ? at : undefined;
}
