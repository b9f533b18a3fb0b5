import { Buffer } from "node:buffer";
import { tightLimits } from "../../dlp/decode/budget.ts";
import type { Scanner } from "../../dlp/scanner.ts";

const MARK = "[redacted]";
/** A word that could be a credential, for as long as there is no scanner that knows better: long, with a digit. */
const VALUE_LIKE = /(?=[A-Za-z+_=~-]*[0-9])[A-Za-z0-9+_=~-]{20,}/g;

/** `text` for an event, a proposal or a refusal: without anything that a detector finds in it. */
export function maskText(text: string, scanner: Scanner | undefined): string {
  if (text === "") return text;
  if (scanner === undefined) return text.replace(VALUE_LIKE, MARK);
  const bytes = Buffer.from(text, "utf8");
  const { matches, incomplete } = scanner.scan(bytes, tightLimits(bytes.length));
  if (incomplete !== undefined) return MARK;
  if (matches.length === 0) return text;
  if (matches.some(({ scattered }) => scattered === true)) return MARK;
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end } of matches.toSorted((a, b) => a.start - b.start)) {
    if (start > at) pieces.push(bytes.subarray(at, start));
    if (end > at) pieces.push(Buffer.from(MARK));
    at = Math.max(at, end);
  }
  pieces.push(bytes.subarray(at));
  const masked = Buffer.concat(pieces);
  // A detector reports a value once; what is still there stood in the text twice.
  return scanner.scan(masked).matches.length === 0 ? masked.toString("utf8") : MARK;
}
