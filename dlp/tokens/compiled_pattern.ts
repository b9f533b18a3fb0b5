import type { TokenPattern } from "../patterns/row.ts";
import { CHECKS } from "./check.ts";
import { entropy } from "./entropy.ts";

/** A value that a pattern found in a text. */
export interface Candidate {
  readonly start: number;
  readonly end: number;
  /** The checksum did not fit: the format is right, the value may have been altered on purpose. */
  readonly doubtful: boolean;
}

const DEFAULT_EDGE = "A-Za-z0-9_\\-";
const VALUE_EDGE = "A-Za-z0-9_";
/** A name or word that says that a credential follows. */
const CREDENTIAL_WORD =
  /key|token|secret|auth|pass|pwd|pat\b|cred|access|private|client|api|sdk|bearer|license|account|user|login|sid\b|sig|webhook|url|\bid\b|_id|Id\b/i;
/** What stands between a name and its value. */
const ASSIGNMENT = /[=:>'"`,|(]|\s$/;
/** Values that examples and templates have in place of a secret. */
const PLACEHOLDER =
  /^(?:(?:your|my|the)[_-]|some|insert|example|sample|dummy|fake|test_?key|change_?me|placeholder|redacted|none|null|undefined|true|false|xxx+|\*+|\.+)|x{6}|\*{4}|\.{3}|(.)\1{7}|example(?:key|token|secret)?$|012345678|abcdefghij|_here$/i;

/** How far after a vendor's name its value may begin, in characters. */
export const KEYED_GAP = 90;
const KEYED_VALUE = 260;

/** A row of the table, ready to be tried at the places where a keyword was seen. */
export class CompiledPattern {
  readonly row: TokenPattern;
  readonly #sticky: RegExp;
  readonly #search: RegExp;
  readonly #reach: readonly [number, number];

  constructor(row: TokenPattern) {
    this.row = row;
    const { options, pattern } = row;
    const right = options.right ?? (row.placement === "keyed" ? VALUE_EDGE : DEFAULT_EDGE);
    const edge = right === "" ? "" : `(?![${right}])`;
    const flags = options.ignoreCase === true ? "i" : "";
    this.#sticky = new RegExp(`(?:${pattern})${edge}`, `${flags}y`);
    const left = options.left ?? VALUE_EDGE;
    const before = row.placement === "keyed" ? `(?<![${left}])` : "";
    this.#search = new RegExp(`${before}(?:${pattern})${edge}`, `${flags}g`);
    this.#reach = options.reach ?? [256, 1024];
  }

  /** Bytes before and after a keyword's hit that the pattern may cover. */
  get reach(): readonly [before: number, after: number] {
    return this.row.placement === "around" ? this.#reach : [0, 0];
  }

  /** Tries a "prefix" pattern at `start`. */
  matchAt(text: string, start: number): Candidate | undefined {
    if (!isLeftEdge(text, start, this.row.options.left ?? DEFAULT_EDGE)) return undefined;
    this.#sticky.lastIndex = start;
    const found = this.#sticky.exec(text);
    return found === null ? undefined : this.#verify(found, found.index);
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
      if (!isLeftEdge(text, from + found.index, this.row.options.left ?? DEFAULT_EDGE)) {
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
   * @param from values that begin before it were looked at already.
   */
  valueAfter(text: string, nameEnd: number, from: number): Candidate | undefined {
    if (continuesWord(text, nameEnd)) return undefined;
    const piece = text.slice(nameEnd, nameEnd + KEYED_GAP + KEYED_VALUE);
    if (!mayAssign(piece, this.row.options)) return undefined;
    this.#search.lastIndex = Math.max(0, from - nameEnd);
    for (let found = this.#search.exec(piece); found !== null; found = this.#search.exec(piece)) {
      if (found[0].length === 0 || found.index > KEYED_GAP) return undefined;
      if (
        assigns(piece.slice(0, found.index), this.row.options) && !PLACEHOLDER.test(found[0]) &&
        (this.row.options.exactName === true || looksRandom(found[0]))
      ) {
        const candidate = this.#verify(found, nameEnd + found.index);
        if (candidate !== undefined) return candidate;
      }
    }
    return undefined;
  }

  #verify(found: RegExpExecArray, at: number): Candidate | undefined {
    const { options } = this.row;
    const named = found.groups?.secret;
    const start = named === undefined ? at : at + found[0].lastIndexOf(named);
    const token = named ?? found[0];
    if (options.minEntropy !== undefined && entropy(token) < options.minEntropy) return undefined;
    if (this.row.placement !== "keyed" && options.check === undefined && isFiller(token)) {
      return undefined;
    }
    const verdict = options.check === undefined ? "right" : CHECKS[options.check](token);
    if (verdict === "not-a-token") return undefined;
    return { start, end: start + token.length, doubtful: verdict === "wrong" };
  }
}

/** Whether a value is what templates have in a token's place: one character over and over. */
function isFiller(token: string): boolean {
  if (/x{12}|X{12}/.test(token)) return true;
  if (token.length > 160) return false;
  if (/x{6}|X{6}|\*{5}|_HERE|(?:example){2}/.test(token)) return true;
  const body = token.replace(/^[A-Za-z0-9]{1,12}[_.\-]/, "");
  return body.length >= 12 && (new Set(body).size < 5 || /([^A=])\1{8}/.test(body));
}

const edges = new Map<string, RegExp>();

/**
 * Whether no character of the class stands before `at`. An escape such as `\n`, `\u003d` or `%3D` that ends there is
 * not part of a word, whatever its last letter.
 */
function isLeftEdge(text: string, at: number, characters: string): boolean {
  if (at === 0 || characters === "") return true;
  let edge = edges.get(characters);
  if (edge === undefined) edges.set(characters, edge = new RegExp(`[${characters}]`));
  if (!edge.test(text[at - 1]!)) return true;
  return /(?:\\[abfnrtv0]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|%[0-9a-f]{2}|\[[0-9;]{1,8}m)$/i.test(
    text.slice(Math.max(0, at - 12), at),
  );
}

const WORD_TAIL =
  /^(?:[a-z]{0,6}(?:api|key|token|secret|access|client|auth|pass|private|app|cloud|credential|login|bot|pat\b|id\b))/i;

/** Whether the keyword that ends at `at` is only the beginning of a longer word, such as "sumo" of "sumOfItems". */
function continuesWord(text: string, at: number): boolean {
  const next = text.charCodeAt(at);
  if (!(next >= 0x61 && next <= 0x7a)) return false;
  const last = text.charCodeAt(at - 1) | 0x20;
  return last >= 0x61 && last <= 0x7a && !WORD_TAIL.test(text.slice(at, at + 16));
}

/** Whether the keyword that begins at `at` is the end of a longer word, such as "okta" of "rookTable". */
export function isInsideWord(text: string, at: number): boolean {
  if (at === 0) return false;
  const before = text.charCodeAt(at - 1);
  const first = text.charCodeAt(at);
  if (!isLetterCode(before) || !isLetterCode(first)) return false;
  const lowerBefore = before >= 0x61;
  const lowerFirst = first >= 0x61;
  if (lowerBefore && !lowerFirst) return false; // camelCase
  return !isEscapeLetter(text, at - 1);
}

function isLetterCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

function isEscapeLetter(text: string, at: number): boolean {
  return at > 0 && text[at - 1] === "\\";
}

/** Cheap test before any search: is there a sign of an assignment at all? */
function mayAssign(piece: string, options: { common?: boolean }): boolean {
  const head = piece.slice(0, KEYED_GAP);
  return options.common === true ? CREDENTIAL_WORD.test(head) : /[=:>'"`,|( ]/.test(head);
}

function assigns(gap: string, options: { common?: boolean; exactName?: boolean }): boolean {
  if (options.exactName === true) return /^[\]"'`]{0,3}\s{0,20}(?:[:=]|=>|,|\s)/.test(gap);
  // The value of another name is not this one's: at most one assignment lies between.
  if ((gap.match(/[\w"'\])]\s{0,8}(?::=|=>|\?=|[=:])/g) ?? []).length > 2) return false;
  if ((gap.match(/\n/g) ?? []).length > 2 || /[{};]\s*\n|\.\s/.test(gap)) return false;
  const word = CREDENTIAL_WORD.test(gap);
  if (options.common === true) return word && ASSIGNMENT.test(gap);
  return word
    ? ASSIGNMENT.test(gap) || /\W$/.test(gap)
    : /^[\w.\-\]"'`]{0,40}\s{0,4}(?:string\s*)?(?::=|=>|[=:])\s{0,8}["'`]?$/.test(gap);
}

/** Whether characters are mixed as in a generated value: not a word, a name in camel case, a version or a run. */
function looksRandom(value: string): boolean {
  const digits = (value.match(/[0-9]/g) ?? []).length;
  const letters = (value.match(/[A-Za-z]/g) ?? []).length;
  if (letters === 0) return new Set(value).size >= 5;
  if (/^[0-9a-f]{32,}$/i.test(value)) return new Set(value).size >= 5;
  if (new Set(value.toLowerCase()).size < Math.min(8, value.length / 2)) return false;
  if (value.length < 12) return true;
  if (digits < 2) return digits > 0 ? isJumble(value) : isJumble(value) && value.length >= 14;
  return digits * 8 >= value.length || !/[A-Z][a-z]{4,}[A-Z][a-z]{4,}/.test(value);
}

/** Letters that are no words: the case changes all the time, or vowels are rare. */
function isJumble(value: string): boolean {
  const changes = (value.match(/[a-z][A-Z]|[A-Z][a-z]/g) ?? []).length;
  if (/[a-z]/.test(value) && /[A-Z]/.test(value)) return changes * 3 >= value.length;
  const vowels = (value.match(/[aeiou]/gi) ?? []).length;
  return vowels * 10 < value.length * 3 && !/[_.-]/.test(value);
}
