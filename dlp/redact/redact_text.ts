import { Buffer } from "node:buffer";
import { printable } from "../../core/printable.ts";
import type { Match } from "../finding.ts";
import type { Scanner } from "../scanner.ts";
import { innerDocument } from "./body_fields.ts";
import { markerOf } from "./cuts.ts";
import { findCuts } from "./find_cuts.ts";
import { refusedMatches } from "./refused_matches.ts";
import { Unredactable } from "./unredactable.ts";

/** Characters shown on either side of a value. */
const SHOWN = 60;
/** Bytes on either side that are looked at, so that no value is cut in two before it is seen. */
const SEEN = 16 * 1024;

/** `text` with everything that `scanner` finds replaced by its marker; the marker alone when that cannot be done. */
export function redactText(text: string, scanner: Scanner): string {
  try {
    const bytes = findCuts(innerDocument(Buffer.from(text, "utf8")), scanner).applied();
    const { matches, incomplete } = scanner.scan(bytes);
    if (incomplete !== undefined || matches.length > 0) return markerOf("text");
    return Buffer.from(bytes).toString("utf8");
  } catch (error) {
    if (error instanceof Unredactable) return markerOf("text");
    throw error;
  }
}

/**
 * What stands around a match, for a person who decides on it: one line of printable characters, 60 on either side, with
 * the value and every other value nearby replaced. The marker alone when the value is spread over more than its range.
 */
export function contextOf(bytes: Uint8Array, match: Match, scanner: Scanner): string {
  const marker = markerOf(match.rule);
  if (match.scattered === true) return marker;
  const side = (from: number, to: number) =>
    redactText(Buffer.from(bytes.subarray(from, to)).toString("utf8"), scanner);
  const before = side(Math.max(0, match.start - SEEN), match.start);
  const after = side(match.end, match.end + SEEN);
  const text = oneLine(`${before.slice(-SHOWN)}${marker}${after.slice(0, SHOWN)}`);
  return refusedMatches(scanner, Buffer.from(text)).length === 0 ? text : marker;
}

function oneLine(text: string): string {
  return printable(text).replace(/[\s\ufffd]+/g, " ").trim();
}
