import type { TokenPattern } from "../patterns/row.ts";
import { assignmentOf, continuesWord, mayAssign } from "./assignment.ts";
import { type CheckName, CHECKS } from "./check.ts";
import { entropy } from "./entropy.ts";
import { isExample, isFiller, isPartlyExample, isTemplateValue } from "./placeholder.ts";
import { randomness } from "./randomness.ts";

/** Why a value with a credential's form may be none. */
export type Doubt =
  /** The checksum does not fit: it may have been altered on purpose. */
  | "checksum"
  /** It is longer than documented, lacks a part that the documented form has, or has a part that examples have. */
  | "form"
  /** Only a name near it tells what it is. */
  | "name"
  /** The name says that it is an identifier. */
  | "identifier"
  /** It counts up like a key in a manual. */
  | "example";

/** A value that a pattern found in a text. */
export interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly doubt?: Doubt;
}

const DEFAULT_EDGE = "A-Za-z0-9_\\-";
const VALUE_EDGE = "A-Za-z0-9_";
/** How much longer than its row says a value may be: vendors lengthen their keys. */
const TAIL = "[A-Za-z0-9_\\-]{0,32}";
/** A prefix that says enough for a value that is longer than its row says. */
const TELLING_PREFIX = /^[A-Za-z0-9][A-Za-z0-9_\-.]{2,}[_\-.]$/;
const UUID = /^[0-9a-z]{8}-[0-9a-z]{4}-([0-9a-z])[0-9a-z]{3}-([0-9a-z])[0-9a-z]{3}-[0-9a-z]{12}$/i;

/** Checks that nothing but a credential passes by chance. */
const DECODED: ReadonlySet<CheckName | undefined> = new Set<CheckName>([
  "crc32-base62",
  "jwt",
  "wif",
  "bip39",
  "pem",
  "discord",
]);

/** How far after a vendor's name its value may begin, in characters. */
export const KEYED_GAP = 90;
/** How many values after a name are judged: the first is often a part of the name. */
const KEYED_TRIES = 6;

/** What a pattern has learned from a text so far, so that names without end before one value cost no more than one. */
export interface Progress {
  /** Values that begin before it were reported. */
  looked: number;
  /** No value begins before it. */
  nextValue: number;
}

/** A row of the table, ready to be tried at the places where a keyword was seen. */
export class CompiledPattern {
  readonly row: TokenPattern;
  readonly #exact: RegExp;
  readonly #search: RegExp;
  readonly #longer: RegExp | undefined;
  readonly #sure: RegExp | undefined;
  readonly #left: RegExp | undefined;
  readonly #longest: number;
  readonly #reach: readonly [number, number];

  constructor(row: TokenPattern) {
    this.row = row;
    const { options, pattern, placement } = row;
    const right = options.right ?? (placement === "keyed" ? VALUE_EDGE : DEFAULT_EDGE);
    const edge = right === "" ? "" : `(?![${right}])`;
    const flags = options.ignoreCase === true ? "i" : "";
    const left = options.left ?? VALUE_EDGE;
    const before = placement === "keyed" ? `(?<![${left}])` : "";
    const tail = placement === "keyed" && edge !== "" ? TAIL : "";
    this.#exact = new RegExp(`(?:${pattern})${edge}`, `${flags}y`);
    this.#search = new RegExp(`${before}(?:${pattern})${tail}${edge}`, `${flags}g`);
    const tells = placement === "prefix" && edge !== "" && options.check === undefined &&
      row.keywords.every((keyword) => TELLING_PREFIX.test(keyword));
    this.#longer = tells ? new RegExp(`(?:${pattern})${TAIL}${edge}`, `${flags}y`) : undefined;
    this.#sure = options.sure === undefined ? undefined : new RegExp(`^(?:${options.sure})$`);
    this.#longest = longestMatch(pattern) + 40;
    const beside = options.left ?? DEFAULT_EDGE;
    this.#left = beside === "" ? undefined : new RegExp(`[${beside}]`);
    this.#reach = options.reach ?? [256, 1024];
  }

  /** Bytes before and after a keyword's hit that the pattern may cover. */
  get reach(): readonly [before: number, after: number] {
    return this.row.placement === "around" ? this.#reach : [0, 0];
  }

  /** Tries a "prefix" pattern at `start`. */
  matchAt(text: string, start: number): Candidate | undefined {
    if (!this.#isLeftEdge(text, start)) return undefined;
    this.#exact.lastIndex = start;
    const found = this.#exact.exec(text);
    if (found !== null) return this.#verify(found, found.index);
    if (this.#longer === undefined) return undefined;
    this.#longer.lastIndex = start;
    const longer = this.#longer.exec(text);
    return longer === null ? undefined : this.#verify(longer, longer.index, "form");
  }

  /** Every match of an "around" pattern that begins at `from` or later and ends before `to`. */
  *matchesWithin(text: string, from: number, to: number): Generator<Candidate> {
    const piece = text.slice(from, to);
    this.#search.lastIndex = 0;
    for (let found = this.#search.exec(piece); found !== null; found = this.#search.exec(piece)) {
      if (found[0].length === 0) {
        this.#search.lastIndex++;
        continue;
      }
      if (!this.#isLeftEdge(text, from + found.index)) {
        this.#search.lastIndex = found.index + 1;
        continue;
      }
      const candidate = this.#verify(found, from + found.index);
      if (candidate !== undefined) yield candidate;
    }
  }

  /**
   * The value assigned to a name, of which the keyword ends at `nameEnd`.
   *
   * @param progress what earlier names of the same text have learned.
   */
  valueAfter(
    text: string,
    keyword: string,
    nameEnd: number,
    progress: Progress,
  ): Candidate | undefined {
    if (nameEnd + KEYED_GAP < progress.nextValue || continuesWord(text, nameEnd)) return undefined;
    const { options } = this.row;
    const piece = text.slice(nameEnd, nameEnd + KEYED_GAP + this.#longest);
    if (options.exactName !== true && !hasLongRun(piece)) return undefined;
    if (!mayAssign(piece.slice(0, KEYED_GAP), options)) return undefined;
    this.#search.lastIndex = Math.max(0, progress.looked - nameEnd, progress.nextValue - nameEnd);
    for (let tries = 0; tries < KEYED_TRIES; tries++) {
      const found = this.#search.exec(piece);
      if (found === null || found.index > KEYED_GAP) {
        if (tries === 0) progress.nextValue = nameEnd + (found?.index ?? KEYED_GAP);
        return undefined;
      }
      this.#search.lastIndex = found.index + 1;
      const assignment = assignmentOf(keyword, piece.slice(0, found.index), options);
      if (assignment === "none" || isTemplateValue(found[0])) continue;
      this.#exact.lastIndex = found.index;
      const exact = this.#exact.exec(piece);
      const value = exact ?? found;
      const random = options.exactName === true ? "strong" : randomness(value[0]);
      if (random === "none") continue;
      if (random === "weak" && assignment === "near") continue;
      if (random === "weak" && assignment === "named" && value[0].length < 14) continue;
      const sure = assignment === "assigned" && random === "strong";
      const doubt = assignment === "identifier"
        ? "identifier"
        : exact === null
        ? "form"
        : sure
        ? undefined
        : "name";
      const candidate = this.#verify(value, nameEnd + found.index, doubt);
      if (candidate !== undefined) return candidate;
    }
    return undefined;
  }

  #verify(found: RegExpExecArray, at: number, doubt?: Doubt): Candidate | undefined {
    const { options } = this.row;
    const named = found.groups?.secret;
    const start = named === undefined ? at : at + found[0].lastIndexOf(named);
    const token = named ?? found[0];
    if (options.minEntropy !== undefined && entropy(token) < options.minEntropy) return undefined;
    const verdict = options.check === undefined ? "right" : CHECKS[options.check](token);
    if (verdict === "not-a-token") return undefined;
    // A structure that was decoded says more than the look of its characters.
    const structured = verdict === "right" && DECODED.has(options.check);
    if (!structured && isFiller(token)) return undefined;
    const end = start + token.length;
    if (!structured && isExample(this.#body(token))) return { start, end, doubt: "example" };
    if (verdict === "wrong") {
      return { start, end, doubt: options.check === "pem" ? "form" : "checksum" };
    }
    if (doubt === undefined && this.#isDoubtfulForm(token)) return { start, end, doubt: "form" };
    return doubt === undefined ? { start, end } : { start, end, doubt };
  }

  #isLeftEdge(text: string, at: number): boolean {
    if (at === 0 || this.#left === undefined) return true;
    return !this.#left.test(text[at - 1]!) || endsEscape(text, at);
  }

  #isDoubtfulForm(token: string): boolean {
    if (isPartlyExample(token)) return true;
    if (this.#sure !== undefined) return !this.#sure.test(token);
    // RFC 9562: generated ids are version 4; others say when and where they were made.
    const uuid = UUID.exec(token);
    return uuid !== null && !(uuid[1] === "4" && /[89ab]/i.test(uuid[2]!));
  }

  /** What follows the part that all tokens of the row share. */
  #body(token: string): string {
    if (this.row.placement !== "prefix") return token;
    const shared = this.row.keywords.filter((keyword) => token.startsWith(keyword));
    return token.slice(Math.max(0, ...shared.map(({ length }) => length)));
  }
}

/** 1 for the characters that a key is made of. */
const PART = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[A-Za-z0-9+\-./=_]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** Whether eight characters in a row could be a part of a key: no key that a name tells has less. */
function hasLongRun(text: string): boolean {
  // Looks where the eighth would be, and back: what stops that says where the next run may begin.
  for (let start = 0; start + 8 <= text.length;) {
    let at = start + 7;
    while (at >= start && PART[text.charCodeAt(at)] === 1) at--;
    if (at < start) return true;
    start = at + 1;
  }
  return false;
}

/** No match of a pattern is longer, in characters: all its quantifiers at their most, and its own text. */
function longestMatch(pattern: string): number {
  let most = pattern.length;
  for (const [, bound] of pattern.matchAll(/(?:[{,])([0-9]+)\}/g)) most += Number(bound);
  return most;
}

/** Whether an escape such as `\\n`, `\\u003d`, `%3D` or `ESC[0m` ends before `at`: its last letter is no part of a word. */
function endsEscape(text: string, at: number): boolean {
  const byte = (back: number) => text.charCodeAt(at - back);
  if (byte(2) === 0x5c || byte(4) === 0x5c || byte(6) === 0x5c || byte(3) === 0x25) {
    return /(?:\\[abfnrtv0]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|%[0-9a-f]{2})$/i.test(
      text.slice(Math.max(0, at - 6), at),
    );
  }
  return byte(1) === 0x6d && /\[[0-9;]{1,8}m$/.test(text.slice(Math.max(0, at - 10), at));
}
