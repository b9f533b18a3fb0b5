import { Buffer } from "node:buffer";
import type { Match } from "../finding.ts";

/** Ranges of values that were split or mixed with other bytes are believed up to this length. */
const WIDEST_SCATTER = 1024;
/** A text of which all may be cut when nothing says where in it the value is, in bytes. */
const SHORT_TEXT = 256;
/** Decoders that rewrite a text in place; every other one makes something new of a run. */
const IN_PLACE = /^(?:escapes|unicode)$/;
/** Decoders that take a text as a whole: their ranges say nothing. */
const WHOLE: ReadonlySet<string> = new Set([
  "chunks",
  "wide characters",
  "gzip",
  "deflate",
  "zstd",
]);
/** Characters of the runs that encodings without separators are written in. */
const RUN = /[A-Za-z0-9+/_-]/;

/**
 * The bytes of `bytes` that must go so that `match` is gone: the run that it was decoded from as a whole, a last escape
 * to its end; undefined when the match does not say where it lies.
 *
 * @param single the bytes are one text, of which all may go when it is short.
 */
export function matchRange(
  bytes: Uint8Array,
  match: Match,
  single: boolean,
): { start: number; end: number } | undefined {
  let { start, end } = match;
  if (WHOLE.has(match.via[0] ?? "")) return undefined;
  const length = end - start;
  if (match.scattered === true && !(single && length <= SHORT_TEXT)) {
    if (length > WIDEST_SCATTER || (start === 0 && end === bytes.length)) return undefined;
  }
  if (match.via.includes("escapes")) end = escapeEnd(bytes, end);
  if (!match.via.every((step) => IN_PLACE.test(step))) {
    // Half of an encoded run decodes to nonsense, or to the rest of the value.
    const member = (at: number) => RUN.test(String.fromCharCode(bytes[at]!));
    if (member(start)) { while (start > 0 && member(start - 1)) start--; }
    if (member(end - 1)) { while (end < bytes.length && member(end)) end++; }
    for (let padding = 0; padding < 2 && bytes[end] === 0x3d; padding++) end++;
  }
  return { start, end };
}

const ESCAPE =
  /^(?:%(?:25){0,4}u?[0-9a-f]{2,4}|\\{1,4}(?:u[0-9a-f]{4}|U[0-9a-f]{8}|x[0-9a-f]{2}|[0-7]{1,3})|&(?:amp;){0,3}#?[0-9a-z]{1,8};?|=[0-9A-F]{2})/;

/** The range of what escapes were undone in ends after the first byte of its last character. */
function escapeEnd(bytes: Uint8Array, end: number): number {
  const last = Buffer.from(bytes.subarray(end - 1, end + 19)).toString("latin1");
  const size = (ESCAPE.exec(last) ?? new RegExp(ESCAPE, "i").exec(last))?.[0].length ?? 1;
  return end - 1 + size;
}
