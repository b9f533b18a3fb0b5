import { Buffer } from "node:buffer";
import { nextNonAscii } from "../text/non_ascii.ts";
import { isBinaryByte } from "./text_sniff.ts";
import type { InjectionFinding } from "./finding.ts";
import {
  FLAG,
  flagTags,
  Invisible,
  type InvisibleKind,
  invisibleKind,
  isIdeograph,
  isRightToLeft,
} from "./invisible_characters.ts";

/** What a remover can be told of a text. */
export interface RemoverOptions {
  /** How the text writes characters that it does not write as they are; "none" unless given. */
  readonly escapes?: "none" | "json";
  /** What takes the place of what is removed; as many spaces keep its length. */
  readonly replacement?: "nothing" | "spaces";
  /** The stream may turn into something else than text, as an installer does: nothing is removed from that. */
  readonly careful?: boolean;
}

/** Characters without a look that follow one another in no honest text. Emoji have three at most. */
const LONGEST_RUN = 3;
/** A run that can be no accident. */
const SEVERE_RUN = 8;
/** Bytes around a reordering control in which right-to-left text explains it. */
const NEIGHBOURHOOD = 96;
/** Bytes of one run that are looked at together. */
const MOST_HELD = 512;
const EMPTY: Uint8Array = new Uint8Array(0);

interface Character {
  readonly codePoint: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Takes invisible text out of a stream of UTF-8: tag characters that make no flag, selectors that select nothing,
 * runs of characters without width, those between two ASCII letters, controls that reorder left-to-right text.
 *
 * Emoji, joiners of Persian and Indic scripts, right-to-left text, soft hyphens and byte order marks stay, and so
 * does every byte of a text without such characters. Bytes that are not UTF-8 are passed on. What is held back is
 * the beginning of a run, 512 bytes at most.
 */
export class InvisibleRemover {
  readonly #json: boolean;
  readonly #spaces: boolean;
  readonly #careful: boolean;
  readonly #found = new Map<string, InjectionFinding>();
  #held: Uint8Array = EMPTY;
  /** What came before, for the neighbourhood of a control at the beginning of a piece. */
  #before: Uint8Array = EMPTY;
  /** A run that was too long to hold is being dropped. */
  #dropping = false;
  /** How far the current bytes were seen to hold no letters from right to left. */
  #leftToRight = -1;
  /** The character before the next byte when it was written as an escape, and where it ended. */
  #escaped: { readonly codePoint: number; readonly end: number } | undefined;

  constructor({ escapes, replacement, careful }: RemoverOptions = {}) {
    this.#json = escapes === "json";
    this.#spaces = replacement === "spaces";
    this.#careful = careful ?? false;
  }

  /** What has been removed so far, each rule once. */
  get findings(): readonly InjectionFinding[] {
    return [...this.#found.values()];
  }

  /** Whether bytes are held back. */
  get holding(): boolean {
    return this.#held.length > 0;
  }

  /** Takes bytes, gives those that can leave: the same ones when there is nothing to remove. */
  push(bytes: Uint8Array): Uint8Array {
    return this.#take(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]), false);
  }

  /** What was held back, at the end of the stream. */
  end(): Uint8Array {
    return this.#take(this.#held, true);
  }

  #take(bytes: Uint8Array, final: boolean): Uint8Array {
    this.#held = EMPTY;
    this.#leftToRight = -1;
    const removed: Character[] = [];
    let at = 0;
    let leaving = bytes.length;
    while ((at = this.#next(bytes, at)) < bytes.length) {
      const first = this.#read(bytes, at, final);
      if (first === undefined) {
        leaving = at;
        break;
      }
      if (invisibleKind(first.codePoint) === Invisible.none) {
        at = this.#pass(first, bytes);
        this.#dropping = false;
        continue;
      }
      const run = this.#run(bytes, first, final);
      if (run === undefined) {
        leaving = at;
        break;
      }
      const last = run.at(-1)!;
      const judged = this.#judge(bytes, run, final);
      if (judged === undefined && last.end - at < MOST_HELD) {
        leaving = at;
        break;
      }
      removed.push(...judged ?? run);
      at = last.end;
      if (at < bytes.length) this.#dropping = false;
    }
    if (leaving < bytes.length) this.#held = Buffer.from(bytes.subarray(leaving));
    const out = this.#without(bytes, removed, leaving);
    this.#remember(bytes.subarray(0, leaving));
    return out;
  }

  /** Offset of the next byte that could begin an invisible character. */
  #next(bytes: Uint8Array, from: number): number {
    if (!this.#json) return nextNonAscii(bytes, from);
    let at = from;
    while (at < bytes.length && bytes[at]! < 0x80 && bytes[at] !== 0x5c) at++;
    return at;
  }

  #pass({ codePoint, start, end }: Character, bytes: Uint8Array): number {
    if (bytes[start] === 0x5c) this.#escaped = { codePoint, end };
    return end;
  }

  /** The character at `at`; undefined when more bytes are needed to tell. */
  #read(bytes: Uint8Array, at: number, final: boolean): Character | undefined {
    return bytes[at] === 0x5c && this.#json
      ? readEscape(bytes, at, final)
      : readUtf8(bytes, at, final);
  }

  /** The invisible characters from `first` on; undefined when the run may go on. */
  #run(bytes: Uint8Array, first: Character, final: boolean): Character[] | undefined {
    const run = [first];
    for (let at = first.end;;) {
      if (at >= bytes.length) return final || at - first.start >= MOST_HELD ? run : undefined;
      if (at - first.start >= MOST_HELD) return run;
      const next = this.#read(bytes, at, final);
      if (next === undefined) return undefined;
      if (invisibleKind(next.codePoint) === Invisible.none) return run;
      run.push(next);
      at = next.end;
    }
  }

  /** Which of a run are removed; undefined when what follows must be known first. */
  #judge(bytes: Uint8Array, run: readonly Character[], final: boolean): Character[] | undefined {
    const start = run[0]!.start;
    const end = run.at(-1)!.end;
    if (run.length === 1 && !this.#dropping && this.#stays(bytes, run[0]!)) return [];
    const kinds = run.map(({ codePoint }) => invisibleKind(codePoint));
    if (this.#dropping || end - start >= MOST_HELD) {
      this.#dropping = true;
      this.#find(kinds[0]!, run.length);
      return [...run];
    }
    if (this.#careful && !isText(this.#bytesBefore(bytes, start))) return [];
    const before = this.#characterBefore(bytes, start);
    const flag = before === FLAG ? flagTags(run.map(({ codePoint }) => codePoint)) : 0;
    const rest = run.slice(flag);
    const restKinds = kinds.slice(flag);
    const reorders = restKinds.includes(Invisible.reordering);
    const bidi = reorders || restKinds.includes(Invisible.bidi);
    let explained = false;
    if (bidi) {
      const seen = this.#rightToLeftAround(bytes, start, end, final);
      if (seen === undefined && (reorders || rest.length > LONGEST_RUN)) return undefined;
      explained = seen === true;
    }
    const counted = restKinds.filter((kind) =>
      kind !== Invisible.tag &&
      !(explained && (kind === Invisible.bidi || kind === Invisible.reordering))
    ).length;
    if (counted > LONGEST_RUN && !(explained && counted < SEVERE_RUN)) {
      this.#find(restKinds.find((kind) => kind !== Invisible.tag)!, counted);
      this.#find(Invisible.tag, restKinds.filter((kind) => kind === Invisible.tag).length);
      return rest;
    }
    const after = end < bytes.length ? this.#read(bytes, end, true)!.codePoint : 0;
    const between = isAsciiLetter(before) && isAsciiLetter(after) &&
      restKinds.every((kind) => kind === Invisible.zeroWidth);
    const selects = restKinds.length === 1;
    const removed = rest.filter(({ codePoint }, index) => {
      switch (restKinds[index]!) {
        case Invisible.tag:
          return true;
        case Invisible.ideographSelector:
          return !selects || !isIdeograph(before);
        case Invisible.selector: // presentation selectors stand alone or, typed twice, together
          return codePoint < 0xfe0e && (!selects || (before < 0x80 && before !== 0x30));
        case Invisible.reordering:
          return !explained;
        case Invisible.zeroWidth:
          return between;
        default:
          return false;
      }
    });
    for (const kind of new Set(removed.map(({ codePoint }) => invisibleKind(codePoint)))) {
      this.#find(kind, removed.length);
    }
    return removed;
  }

  /** Whether a character on its own is what texts hold thousands of: a joiner in a word, the look of an emoji. */
  #stays(bytes: Uint8Array, { codePoint, start, end }: Character): boolean {
    if (codePoint === 0xfe0f || codePoint === 0xfe0e) return true;
    return invisibleKind(codePoint) === Invisible.zeroWidth && end < bytes.length &&
      (bytes[end]! >= 0x80 || bytes[end]! <= 0x20) && start > 0 && this.#escaped?.end !== start;
  }

  #characterBefore(bytes: Uint8Array, at: number): number {
    if (this.#escaped?.end === at) return this.#escaped.codePoint;
    if (at === 0) return lastCharacter(this.#before, this.#before.length);
    return lastCharacter(bytes, at);
  }

  #bytesBefore(bytes: Uint8Array, start: number): Uint8Array {
    return start >= NEIGHBOURHOOD
      ? bytes.subarray(start - NEIGHBOURHOOD, start)
      : Buffer.concat([this.#before, bytes.subarray(0, start)]).subarray(-NEIGHBOURHOOD);
  }

  /** Whether right-to-left letters stand near by; undefined when too little of what follows is known. */
  #rightToLeftAround(
    bytes: Uint8Array,
    start: number,
    end: number,
    final: boolean,
  ): boolean | undefined {
    const known = this.#leftToRight >= start;
    if (!known && holdsRightToLeft(this.#bytesBefore(bytes, start))) return true;
    const near = bytes.subarray(end, end + NEIGHBOURHOOD);
    const line = near.indexOf(0x0a); // what is reordered ends with its paragraph (UAX #9, rule X8)
    const after = line < 0 ? near : near.subarray(0, line);
    if (holdsRightToLeft(known ? after.subarray(Math.max(0, this.#leftToRight - end)) : after)) {
      return true;
    }
    if (near.length < NEIGHBOURHOOD && !final && line < 0) return undefined;
    this.#leftToRight = end + after.length;
    return false;
  }

  #without(bytes: Uint8Array, removed: readonly Character[], leaving: number): Uint8Array {
    if (removed.length === 0) return leaving === bytes.length ? bytes : bytes.subarray(0, leaving);
    const out = Buffer.alloc(leaving, 0x20);
    let length = 0;
    let from = 0;
    for (const { start, end } of removed) {
      out.set(bytes.subarray(from, start), length);
      length += start - from + (this.#spaces ? end - start : 0);
      from = end;
    }
    out.set(bytes.subarray(from, leaving), length);
    return out.subarray(0, length + leaving - from);
  }

  #remember(passed: Uint8Array): void {
    const escaped = this.#escaped;
    this.#escaped = escaped !== undefined && escaped.end === passed.length && passed.length > 0
      ? { codePoint: escaped.codePoint, end: 0 }
      : passed.length === 0
      ? escaped
      : undefined;
    if (passed.length === 0) return;
    this.#before = passed.length >= NEIGHBOURHOOD
      ? Buffer.from(passed.subarray(-NEIGHBOURHOOD))
      : Buffer.concat([this.#before, passed]).subarray(-NEIGHBOURHOOD);
  }

  #find(kind: InvisibleKind, count: number): void {
    if (count === 0) return;
    const rule = RULES[kind]!;
    const bidi = kind === Invisible.reordering || kind === Invisible.bidi;
    const severity = count >= SEVERE_RUN && !bidi ? "block" : "warn";
    if (this.#found.get(rule)?.severity === "block") return;
    this.#found.set(rule, { rule, severity });
  }
}

const RULES: Readonly<Partial<Record<InvisibleKind, string>>> = {
  [Invisible.tag]: "tag_characters",
  [Invisible.selector]: "variation_selectors",
  [Invisible.ideographSelector]: "variation_selectors",
  [Invisible.zeroWidth]: "zero_width",
  [Invisible.filler]: "zero_width",
  [Invisible.bidi]: "bidi_controls",
  [Invisible.reordering]: "bidi_controls",
};

function isAsciiLetter(codePoint: number): boolean {
  return (codePoint >= 0x61 && codePoint <= 0x7a) || (codePoint >= 0x41 && codePoint <= 0x5a) ||
    (codePoint >= 0x30 && codePoint <= 0x39);
}

/** The UTF-8 sequence at `at`; U+FFFD for one byte that begins none, undefined when it is not all there. */
function readUtf8(bytes: Uint8Array, at: number, final: boolean): Character | undefined {
  const first = bytes[at]!;
  const size = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (size === 1) return { codePoint: first < 0x80 ? first : 0xfffd, start: at, end: at + 1 };
  let codePoint = first & (0x7f >> size);
  for (let index = 1; index < size; index++) {
    const next = bytes[at + index];
    if (next === undefined && !final) return undefined;
    if (next === undefined || (next & 0xc0) !== 0x80) {
      return { codePoint: 0xfffd, start: at, end: at + 1 };
    }
    codePoint = (codePoint << 6) | (next & 0x3f);
  }
  return { codePoint, start: at, end: at + size };
}

/** The escape of a JSON string at `at` (RFC 8259 section 7), a surrogate pair as one; undefined when more must come. */
function readEscape(bytes: Uint8Array, at: number, final: boolean): Character | undefined {
  const left = bytes.length - at;
  if (left < 2) return final ? { codePoint: 0x5c, start: at, end: at + 1 } : undefined;
  if (bytes[at + 1]! >= 0x80) return { codePoint: 0x5c, start: at, end: at + 1 }; // no escape: a character of its own
  if (bytes[at + 1] !== 0x75) return { codePoint: 0x20, start: at, end: at + 2 };
  if (left < 6 && !final) return undefined;
  const unit = hexadecimal(bytes, at + 2);
  if (unit < 0) return { codePoint: 0x20, start: at, end: at + 2 };
  if (unit >= 0xd800 && unit <= 0xdbff) {
    if (
      left < 12 && !final &&
      "\\u".startsWith(String.fromCharCode(...bytes.subarray(at + 6, at + 8)))
    ) {
      return undefined;
    }
    const low = bytes[at + 6] === 0x5c && bytes[at + 7] === 0x75 ? hexadecimal(bytes, at + 8) : -1;
    if (low >= 0xdc00 && low <= 0xdfff) {
      const codePoint = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
      return { codePoint, start: at, end: at + 12 };
    }
    // Half a tag: its other half may come in the next event of a stream.
    if (unit === 0xdb40) return { codePoint: 0xe0001, start: at, end: at + 6 };
  }
  return { codePoint: unit, start: at, end: at + 6 };
}

/** Four hexadecimal digits at `at`; -1 when they are not there. */
function hexadecimal(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[at + index] ?? 0;
    const digit = byte >= 0x30 && byte <= 0x39
      ? byte - 0x30
      : (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
      ? (byte | 0x20) - 0x57
      : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Whether letters of scripts from right to left stand in UTF-8, or in the escapes of JSON. */
function holdsRightToLeft(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80 && byte !== 0x5c) continue;
    const character = byte === 0x5c ? readEscape(bytes, at, true) : readUtf8(bytes, at, true);
    if (isRightToLeft(character!.codePoint)) return true;
  }
  return false;
}

/** Whether bytes, of which the first character may be cut, are UTF-8 without control characters of other formats. */
function isText(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < 3 && (bytes[at]! & 0xc0) === 0x80) at++;
  while (at < bytes.length) {
    if (isBinaryByte(bytes[at]!)) return false;
    const { codePoint, end } = readUtf8(bytes, at, true)!;
    if (codePoint === 0xfffd && end === at + 1) return false;
    at = end;
  }
  return true;
}

/** The last character of the first `end` bytes; 0 when there is none. */
function lastCharacter(bytes: Uint8Array, end: number): number {
  let start = end - 1;
  while (start > 0 && end - start < 4 && (bytes[start]! & 0xc0) === 0x80) start--;
  return start < 0 ? 0 : readUtf8(bytes, start, true)!.codePoint;
}
