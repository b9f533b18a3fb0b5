import { Buffer } from "node:buffer";
import { firstDelimiter } from "../decode/multipart.ts";
import type { View } from "../text/view.ts";
import type { GramIndex } from "./gram_index.ts";
import type { LetterStream, OnHit } from "./letter_stream.ts";
import { append, appendAround, appendJson, project } from "./projection.ts";

/** Largest JSON that is also parsed, for keys that give an order of their own, in bytes. */
const PARSED = 256 * 1024;
/** Largest text that is also read every few characters, in bytes. */
const STRIDDEN = 4 * 1024;
/** Distances at which it is: a word of up to six letters between the characters of a secret. */
const STRIDES = [2, 3, 4, 5, 6, 7];
/** Letters that such a reading must have: a part of a secret. */
const FEWEST = 12;
/** Longest tag that is left out, in characters. */
const TAG = 400;

type Cut = readonly [from: number, to: number];

/** The search for parts of secrets in projections. */
export interface ProjectionSearch {
  readonly index: GramIndex;
  /** For the letters of the whole text. */
  readonly plain: LetterStream;
  /** For those of values. */
  readonly values: LetterStream;
}

/**
 * Searches the projection of a text, and of its values without the names between them, for secrets that were split
 * over fields: a projection of the whole text would be polluted by the names.
 *
 * @param onPlain called with the numbers of the letters of the text that a hit lies in.
 * @param onValues called for hits whose place is not known.
 */
export function searchProjections(
  view: View,
  { index, plain, values }: ProjectionSearch,
  onPlain: OnHit,
  onValues: (needle: number) => void,
): void {
  const { text, bytes } = view;
  const first = /\S/.exec(text.slice(0, 64))?.[0];
  const without = (cuts: Generator<Cut>) => {
    const { done, value } = cuts.next();
    if (done !== true) valuesOf(() => appendAround(values, bytes, following(value, cuts)));
  };
  plain.begin(onPlain);
  const valuesOf = (write: () => void) => {
    values.begin(onValues);
    write();
    values.end();
  };
  if (first === "{" || first === "[") {
    valuesOf(() => appendJson(bytes, plain, values));
    if (bytes.length <= PARSED && /"[0-9]{1,6}"\s{0,4}:/.test(text)) {
      const ordered = Buffer.from(orderedValues(text) ?? "", "utf8");
      valuesOf(() => append(values, ordered, 0, ordered.length));
    }
  } else {
    append(plain, bytes, 0, bytes.length);
    for (const cuts of [partHeads(text), headerNames(text), fieldNames(text)]) without(cuts);
  }
  plain.end();
  if (bytes.length <= STRIDDEN) {
    for (const letters of strides(project(bytes))) {
      for (const { needle } of index.search(letters)) onValues(needle);
    }
  }
  without(tagsOf(text));
}

/** One at a time: a text may have millions of them. */
function* following(first: Cut, others: Iterable<Cut>): Generator<Cut> {
  yield first;
  yield* others;
}

/** Every second, third … letter, for secrets that were mixed with something that repeats. */
function* strides(letters: Uint8Array): Generator<Uint8Array> {
  for (const stride of STRIDES) {
    if (letters.length < stride * FEWEST) return;
    // The readings of one distance one after the other, with a zero between them.
    const out = new Uint8Array(letters.length + stride);
    let length = 0;
    for (let first = 0; first < stride; first++) {
      for (let at = first; at < letters.length; at += stride) out[length++] = letters[at]!;
      out[length++] = 0;
    }
    yield out;
  }
}

/** All strings and numbers in the order of a parsed document: keys that are numbers come in rising order. */
function orderedValues(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // A stack of its own: a document may be nested deeper than functions can be.
  const parts: string[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node === "string" || typeof node === "number") parts.push(String(node));
    else if (typeof node === "object" && node !== null) {
      for (const inner of Object.values(node).reverse()) open.push(inner);
    }
  }
  return parts.join("");
}

/** RFC 2046: delimiters and header lines of the parts, but not the names of files. */
function* partHeads(text: string): Generator<Cut> {
  if (
    !/^--[^\r\n]{1,80}\r?\n/.test(text.slice(0, 100)) && firstDelimiter(text) === undefined
  ) return;
  for (
    const { 0: line, index } of text.matchAll(
      /^(?:--[^\r\n]{1,80}|Content-[A-Za-z-]{1,40}:[^\r\n]{0,1000})$/gim,
    )
  ) {
    let from = index;
    for (const name of line.matchAll(/filename\*?="?([^";\r\n]{1,400})/gi)) {
      const at = index + name.index + name[0].length - name[1]!.length;
      yield [from, at];
      from = at + name[1]!.length;
    }
    yield [from, index + line.length];
  }
}

const HEADER_NAME = "[\\w!#$%&'*+.^`|~-]{1,64}:";
const TWO_HEADERS = new RegExp(`^${HEADER_NAME}[^\\r\\n]{0,4000}\\r?\\n${HEADER_NAME}`);
const HEADER_NAMES = new RegExp(`^${HEADER_NAME}`, "gm");

/** RFC 9110, section 5: names of header lines, when the text begins with two of them. */
function* headerNames(text: string): Generator<Cut> {
  if (TWO_HEADERS.test(text)) yield* rangesOf(text, HEADER_NAMES);
}

/** Names of the fields of a query or of cookies. */
function* fieldNames(text: string): Generator<Cut> {
  if (!/[?&;][^=&\s]{1,64}=|^[^=&\s]{1,64}=[^&\s]{0,4000}&/.test(text.slice(0, 8192))) return;
  yield* rangesOf(text, /(?:^|[?&;] ?)[^=&;?\s]{1,64}=/g);
}

function* rangesOf(text: string, pattern: RegExp): Generator<Cut> {
  for (const { 0: name, index } of text.matchAll(pattern)) yield [index, index + name.length];
}

/** Tags, and the openings of CDATA sections. */
function* tagsOf(text: string): Generator<Cut> {
  for (let from = text.indexOf("<"); from >= 0;) {
    const next = text.indexOf("<", from + 1);
    const to = text.startsWith("![CDATA[", from + 1) ? from + 9 : closing(text, from, next);
    if (to > from) yield [from, to];
    from = next;
  }
}

function closing(text: string, from: number, next: number): number {
  const end = Math.min(from + TAG, next < 0 ? text.length : next);
  const at = text.slice(from, end).indexOf(">");
  return at < 2 ? -1 : from + at + 1;
}
