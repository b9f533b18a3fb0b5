import { Buffer } from "node:buffer";
import { MultiSearch } from "./multi_search.ts";

/** First characters of a form that may have left before its line broke: the rest is recognised without them. */
const LEAD = 4;
const BACKSLASH = 0x5c;

/** 1 for characters of Base64 in either alphabet. */
const MEMBER = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[\w+/-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** 1 for bytes that can begin a line break. */
const BREAK = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte === 0x0a || byte === 0x0d || byte === BACKSLASH ? 1 : 0,
);

/** Finds byte strings of Base64 characters over line breaks, also those that JSON writes as `\n`. */
export class WrappedSearch {
  readonly #search: MultiSearch;
  readonly #longest: number;
  readonly #shortest: number;

  constructor(patterns: readonly Buffer[]) {
    const rests = patterns.map((pattern) => pattern.subarray(LEAD));
    this.#search = new MultiSearch(rests, true);
    this.#longest = Math.max(0, ...patterns.map(({ length }) => length));
    this.#shortest = Math.min(Infinity, ...rests.map(({ length }) => length));
  }

  /** Calls `found` with the offset of every byte, line breaks aside, of every occurrence that a line break divides. */
  each(bytes: Buffer, found: (at: number) => void): void {
    if (this.#longest === 0) return;
    let done = 0;
    for (
      let at = nextBreak(bytes, LEAD);
      at < bytes.length;
      at = nextBreak(bytes, Math.max(at + 1, done))
    ) {
      if (widthOfBreak(bytes, at) === 0 || !followsCharacters(bytes, at)) continue;
      const [start, end] = runAround(bytes, at, done);
      done = end;
      if (end - start <= this.#shortest) continue;
      const run = compact(bytes, start, end);
      if (run.length < this.#shortest) continue;
      const text = run.bytes.subarray(0, run.length);
      this.#search.each(text, (first, length) => {
        for (let index = Math.max(0, first - LEAD); index < first + length; index++) {
          found(run.offsets[index]!);
        }
      });
    }
  }

  /** Length of the longest end of `bytes` that begins a pattern and has a line break in it. */
  partialLength(bytes: Buffer): number {
    if (this.#longest === 0) return 0;
    const tail = bytes.subarray(Math.max(0, bytes.length - 2 * this.#longest));
    const at = lastBreak(tail);
    if (at < 0) return 0;
    const [start, end] = runAround(tail, at, 0);
    if (end < tail.length || end - start <= LEAD) return 0;
    const run = compact(tail, start, end);
    if (run.length < LEAD) return 0;
    const begun = this.#search.partialLength(
      run.bytes.subarray(0, run.length),
      LEAD,
      this.#longest,
    );
    if (begun < LEAD) return 0;
    const from = Math.max(0, run.length - begun - LEAD);
    return tail.length - run.offsets[from]!;
  }
}

interface Run {
  readonly bytes: Uint8Array;
  /** By character: where it stands. */
  readonly offsets: Uint32Array;
  readonly length: number;
}

/** Where the Base64 characters and line breaks around a line break begin and end, not before `from`. */
function runAround(bytes: Buffer, at: number, from: number): [start: number, end: number] {
  let start = at;
  while (start > from) {
    const byte = bytes[start - 1]!;
    if (MEMBER[byte] === 1 && byte !== 0x6e && byte !== 0x72) {
      start--;
      continue;
    }
    const width = widthOfBreakBefore(bytes, start);
    if (width === 0 && MEMBER[byte] === 0) break;
    start -= width || 1;
  }
  let end = at;
  while (end < bytes.length) {
    if (MEMBER[bytes[end]!] === 1) {
      end++;
      continue;
    }
    const width = widthOfBreak(bytes, end);
    if (width === 0) break;
    end += width;
  }
  return [start, end];
}

/** The Base64 characters of a run, without the breaks among them. */
function compact(bytes: Buffer, start: number, end: number): Run {
  const text = new Uint8Array(end - start);
  const offsets = new Uint32Array(end - start);
  let length = 0;
  for (let index = start; index < end;) {
    const byte = bytes[index]!;
    if (MEMBER[byte] === 1) {
      offsets[length] = index++;
      text[length++] = byte;
    } else index += widthOfBreak(bytes, index);
  }
  return { bytes: text, offsets, length };
}

function lastBreak(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= 0; at--) {
    if (bytes[at] === 0x0a || (bytes[at] === BACKSLASH && bytes[at + 1] === 0x6e)) return at;
  }
  return -1;
}

/** Offset of the next byte that could begin a line break; the length when there is none. */
function nextBreak(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && BREAK[bytes[at]!] === 0) at++;
  return at;
}

/** Whether a line of Base64 could end here: few others end so. */
function followsCharacters(bytes: Buffer, at: number): boolean {
  for (let back = 1; back <= LEAD; back++) if (MEMBER[bytes[at - back]!] === 0) return false;
  return true;
}

/** Bytes of the line break at `at`: a line feed, a carriage return, or the escape of one; 0 when there is none. */
function widthOfBreak(bytes: Buffer, at: number): number {
  const byte = bytes[at]!;
  if (byte === 0x0a || byte === 0x0d) return 1;
  const next = bytes[at + 1];
  return byte === BACKSLASH && (next === 0x6e || next === 0x72) ? 2 : 0;
}

function widthOfBreakBefore(bytes: Buffer, at: number): number {
  const byte = bytes[at - 1];
  if (byte === 0x0a || byte === 0x0d) return 1;
  return (byte === 0x6e || byte === 0x72) && bytes[at - 2] === BACKSLASH ? 2 : 0;
}
