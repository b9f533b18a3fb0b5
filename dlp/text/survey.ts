import { escapeAt } from "./escape.ts";

/** Characters that a run of Base64 needs to be decoded. */
export const SHORTEST_RUN = 20;

/** A run of Base64 characters in either alphabet; one line break at a time may stand inside. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** What one pass over bytes tells about how they may be encoded. */
export interface Survey {
  /** Runs of {@linkcode SHORTEST_RUN} characters or more. */
  readonly runs: readonly Run[];
  /** Where escapes begin; of those that lie closer together than {@linkcode ESCAPE_GAP} only the first. */
  readonly escapes: readonly number[];
}

/** Bytes after an escape in which another one is not noted. */
export const ESCAPE_GAP = 24;

/** Bits of {@linkcode CLASS}: Base64 characters have all of these, so that a run is counted without a branch. */
const MEMBER = 0xff;
/** The characters that escapes begin with have one of these bits, and what may follow has the same bit further up. */
const OPENERS: readonly (readonly [opener: string, follow: RegExp])[] = [
  ["\\", /[0-7xuU]/],
  ["%", /[0-9a-fA-Fu]/],
  ["&", /[#a-z]/],
  ["=", /[0-9A-F\r\n]/],
];
const OPENER_BIT = 8;
const FOLLOW_BIT = 16;
const FOLLOWS = 0xf0000;

const CLASS = Int32Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return OPENERS.reduce(
    (bits, [opener, follow], index) =>
      bits | (character === opener ? 1 << OPENER_BIT + index : 0) |
      (follow.test(character) ? 1 << FOLLOW_BIT + index : 0),
    /[A-Za-z0-9+/_-]/.test(character) ? MEMBER : 0,
  );
});

/** Looks at each byte once. What it does not know for sure is checked after the pass: a branch in it costs as much. */
export function survey(bytes: Uint8Array): Survey {
  const inRuns: number[] = [];
  const openers: number[] = [];
  const size = bytes.length;
  let length = 0;
  let before = 0;
  for (let at = 0; at < size; at++) {
    const kind = CLASS[bytes[at]!]!;
    length = (length + 1) & kind & MEMBER;
    if (length === SHORTEST_RUN) inRuns.push(at);
    if (((before << (FOLLOW_BIT - OPENER_BIT)) & kind & FOLLOWS) !== 0) openers.push(at - 1);
    before = kind;
  }
  return { runs: runsAt(bytes, inRuns), escapes: escapesAt(bytes, openers) };
}

function runsAt(bytes: Uint8Array, twentieths: readonly number[]): Run[] {
  const runs: Run[] = [];
  let done = 0;
  for (const at of twentieths) {
    if (at < done) continue; // the count starts again in a run of hundreds
    done = runEnd(bytes, at + 1);
    runs.push({ start: at - SHORTEST_RUN + 1, end: done });
  }
  return runs;
}

function escapesAt(bytes: Uint8Array, openers: readonly number[]): number[] {
  const escapes: number[] = [];
  let covered = 0;
  for (const at of openers) {
    if (at < covered || escapeAt(bytes, at) === 0) continue;
    escapes.push(at);
    covered = at + ESCAPE_GAP;
  }
  return escapes;
}

/** Where the run ends of which a member stands before `end`. */
function runEnd(bytes: Uint8Array, end: number): number {
  for (;;) {
    while (end < bytes.length && isMember(bytes[end]!)) end++;
    const resumed = resumesAt(bytes, end);
    if (resumed === undefined) return end;
    end = resumed;
  }
}

function isMember(byte: number): boolean {
  return (CLASS[byte]! & MEMBER) !== 0;
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
  while (follow < bytes.length && follow - at < SHORTEST_RUN && isMember(bytes[follow]!)) follow++;
  return follow - at >= SHORTEST_RUN ? at : undefined;
}
