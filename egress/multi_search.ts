import { Buffer } from "node:buffer";

/** Fits the second-level cache, and tells thousands of blocks apart. */
const TABLE_SIZE = 1 << 17;

/** Steps below this are worth a look at whether the same byte stands everywhere. */
const SMALL_STEP = 4;

/** Bytes as they are. */
const AS_THEY_ARE = Uint8Array.from({ length: 256 }, (_, byte) => byte);
/** Capital ASCII letters as small ones. */
const SMALL_LETTERS = AS_THEY_ARE.map((byte) => byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

/**
 * Finds any of several byte strings in one pass (S. Wu and U. Manber, "A fast algorithm for multi-pattern
 * searching", 1994): blocks of two or three bytes tell how far ahead the next occurrence can end at the earliest, so
 * most bytes are never looked at. Blocks of three are told apart by a hash; what collides only moves on less.
 */
export class MultiSearch {
  readonly #patterns: readonly Buffer[];
  readonly #shortest: number;
  readonly #wide: boolean;
  /** How often one byte stands in a row at most. */
  readonly #repeat: number;
  readonly #fold: Uint8Array;
  /** By block: how far the window may move on when it ends with this block. */
  readonly #shift: Uint8Array;
  /** Patterns whose first bytes, as many as the shortest has, end with a block. */
  readonly #ending = new Map<number, Buffer[]>();
  /** By hash of its first three bytes: whether a pattern begins so. */
  readonly #beginning = new Map<number, Buffer[]>();
  readonly #begins = new Uint8Array(TABLE_SIZE);
  /** By byte: whether a pattern begins with it. */
  readonly #first = new Uint8Array(256);

  /**
   * @param patterns of two bytes or more.
   * @param anyCase ASCII letters match whatever their case.
   */
  constructor(patterns: readonly Buffer[], anyCase = false) {
    const fold = anyCase ? SMALL_LETTERS : AS_THEY_ARE;
    const distinct = new Map(
      patterns.map((pattern) => [pattern.map((byte) => fold[byte]!).toString(), pattern]),
    );
    this.#patterns = [...distinct.values()].map((pattern) =>
      Buffer.from(pattern.map((byte) => fold[byte]!))
    );
    this.#fold = fold;
    this.#shortest = Math.min(255, ...this.#patterns.map(({ length }) => length));
    if (this.#shortest < 2) throw new RangeError("Cannot search for less than two bytes");
    this.#wide = this.#shortest >= 4;
    this.#repeat = Math.max(0, ...this.#patterns.map(longestRepeat));
    const block = this.#wide ? 3 : 2;
    this.#shift = new Uint8Array(TABLE_SIZE).fill(this.#shortest - block + 1);
    for (const pattern of this.#patterns) {
      for (let end = block - 1; end < this.#shortest; end++) {
        const key = this.#key(pattern, end);
        const distance = this.#shortest - 1 - end;
        if (distance < this.#shift[key]!) this.#shift[key] = distance;
        if (distance === 0) append(this.#ending, key, pattern);
      }
      this.#first[pattern[0]!] = 1;
      if (pattern.length < 3) continue;
      const key = hash(pattern[0]!, pattern[1]!, pattern[2]!);
      this.#begins[key] = 1;
      append(this.#beginning, key, pattern);
    }
  }

  #key(bytes: Uint8Array, end: number): number {
    const last = this.#fold[bytes[end]!]!;
    const before = this.#fold[bytes[end - 1]!]!;
    return this.#wide ? hash(this.#fold[bytes[end - 2]!]!, before, last) : (before << 8) | last;
  }

  /** Calls `found` for every occurrence in order of its beginning, overlapping ones too. */
  each(bytes: Uint8Array, found: (at: number, length: number) => void): void {
    if (this.#patterns.length === 0) return;
    const shift = this.#shift;
    const fold = this.#fold;
    const wide = this.#wide;
    const last = bytes.length - 1;
    for (let end = this.#shortest - 1; end <= last;) {
      const key = wide
        ? hash(fold[bytes[end - 2]!]!, fold[bytes[end - 1]!]!, fold[bytes[end]!]!)
        : (fold[bytes[end - 1]!]! << 8) | fold[bytes[end]!]!;
      const step = shift[key]!;
      if (step < SMALL_STEP && this.#inRun(bytes, end)) {
        // Files hold kilobytes of one byte, patterns do not: the next occurrence begins at the end of the run.
        end = Math.max(end + 1, endOfRun(bytes, end) - this.#repeat + this.#shortest - 1);
        continue;
      }
      if (step > 0) {
        end += step;
        continue;
      }
      const at = end - this.#shortest + 1;
      for (const pattern of this.#ending.get(key)!) {
        if (at + pattern.length <= bytes.length && this.#startsAt(bytes, at, pattern)) {
          found(at, pattern.length);
        }
      }
      end++;
    }
  }

  /** Whether one byte stands before `end` and there more often than in any pattern. */
  #inRun(bytes: Uint8Array, end: number): boolean {
    const byte = bytes[end]!;
    if (bytes[end - 1] !== byte || this.#repeat >= this.#shortest) return false;
    for (let back = 2; back <= this.#repeat; back++) if (bytes[end - back] !== byte) return false;
    return true;
  }

  /** Whether any pattern occurs. */
  isIn(bytes: Uint8Array): boolean {
    let occurs = false;
    this.each(bytes, () => occurs = true);
    return occurs;
  }

  /** Length of the longest end of `bytes`, from `least` to `most` bytes, that begins a pattern and is not all of it. */
  partialLength(bytes: Uint8Array, least: number, most: number): number {
    const fold = this.#fold;
    const last = bytes.length - Math.max(1, least);
    for (let at = Math.max(0, bytes.length - most); at <= last; at++) {
      const first = fold[bytes[at]!]!;
      if (this.#first[first] === 0) continue;
      const rest = bytes.length - at;
      let candidates: readonly Buffer[] | undefined = this.#patterns;
      if (rest >= 3) {
        const key = hash(first, fold[bytes[at + 1]!]!, fold[bytes[at + 2]!]!);
        candidates = this.#begins[key] === 0 ? undefined : this.#beginning.get(key);
      }
      if (candidates === undefined) continue;
      for (const pattern of candidates) {
        if (pattern.length > rest && this.#startsAt(bytes, at, pattern, rest)) return rest;
      }
    }
    return 0;
  }

  #startsAt(bytes: Uint8Array, at: number, pattern: Buffer, length = pattern.length): boolean {
    for (let i = 0; i < length; i++) {
      if (this.#fold[bytes[at + i]!] !== pattern[i]) return false;
    }
    return true;
  }
}

/** How often one byte stands in a row at most. */
function longestRepeat(pattern: Uint8Array): number {
  let longest = 1;
  for (let at = 1, run = 1; at < pattern.length; at++) {
    run = pattern[at] === pattern[at - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** Where the run of one byte that goes on at `at` ends. */
function endOfRun(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!;
  let end = at + 1;
  while ((bytes.byteOffset + end) % 4 !== 0) {
    if (end >= bytes.length || bytes[end] !== byte) return end;
    end++;
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + end, (bytes.length - end) >> 2);
  const word = Math.imul(byte, 0x01010101);
  let index = 0;
  while (index < words.length && words[index] === word) index++;
  end += index * 4;
  while (end < bytes.length && bytes[end] === byte) end++;
  return end;
}

function hash(a: number, b: number, c: number): number {
  return ((a << 9) ^ (b << 4) ^ c) & (TABLE_SIZE - 1);
}

function append(map: Map<number, Buffer[]>, key: number, pattern: Buffer): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [pattern]);
  else known.push(pattern);
}
