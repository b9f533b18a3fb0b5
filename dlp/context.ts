import { Buffer } from "node:buffer";
import type { Match } from "./finding.ts";
import type { Scanner } from "./scanner.ts";

/** Bytes shown on either side of a match. */
const AROUND = 80;
/** What could be another value, or a piece of one. */
const VALUE_LIKE = /[A-Za-z0-9+/_=.%~\\-]{12,}/g;
const MARK = "[redacted]";

/**
 * The surroundings of a match for a person who decides on it: the value is replaced, and so is everything else that
 * could be one. Empty when what remains is found again.
 *
 * @param others every match in `bytes`.
 */
export function redactedContext(
  bytes: Uint8Array,
  match: Match,
  others: readonly Match[],
  scanner: Scanner,
): string {
  if (match.scattered === true) return MARK;
  const from = Math.max(0, match.start - AROUND);
  const to = Math.min(bytes.length, match.end + AROUND);
  const ranges = others.filter(({ start, end }) => start < to && end > from)
    .sort((a, b) => a.start - b.start);
  let text = "";
  let at = from;
  for (const { start, end } of ranges) {
    if (start > at) text += shown(bytes, at, start);
    if (end > at) text += MARK;
    at = Math.max(at, end);
  }
  if (at < to) text += shown(bytes, at, to);
  // Words that may be cut in the middle are left out.
  if (from > 0) text = text.replace(/^[^\s[]*/, "…");
  if (to < bytes.length) text = text.replace(/[^\s\]]*$/, "…");
  return scanner.scan(Buffer.from(text)).matches.length === 0 ? text : MARK;
}

/** A piece of text without control characters and without what could be a value. */
function shown(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1")
    .replace(/[^\x20-\x7e]+/g, " ").replace(VALUE_LIKE, "…");
}
