import { Buffer } from "node:buffer";
import type { Match } from "../finding.ts";
import type { Cuts } from "./cuts.ts";
import type { Document, Field } from "./field.ts";
import { fixedByContent } from "./fixed_members.ts";
import { matchRange } from "./match_range.ts";
import { Unredactable } from "./unredactable.ts";

/** Cuts what matches say; false when that changes nothing. */
export function cutMatches(
  document: Document,
  hits: readonly Match[],
  cuts: Cuts,
  single: boolean,
): boolean {
  let changed = false;
  for (const hit of hits) {
    const range = matchRange(document.bytes, hit, single);
    if (range === undefined) continue;
    const fields = fieldsWithin(document.fields, range.start, range.end);
    if (fields.length === 0) {
      throw new Unredactable("a value is a number, or part of the structure of its text");
    }
    const cut = (role: Field["role"]) => {
      let some = false;
      for (const field of fields) {
        if (field.role !== role) continue;
        const fixed = fixedByContent(document.bytes, field);
        if (
          cuts.add(
            fixed === undefined ? field : { ...field, fixed },
            range.start,
            range.end,
            hit.rule,
          )
        ) {
          some = true;
        }
      }
      return some;
    };
    if (hit.scattered === true) {
      // Whatever lies between its ends is the value and separators.
      if ([cut("value"), cut("name")].includes(true)) changed = true;
    } else if (cut("value") || cut("name")) changed = true;
    if (changed && fields.length === 1) cutCopies(document, fields[0]!, range, hit, cuts);
  }
  return changed;
}

/** A known secret is reported once: what else is written the same way in that field goes with it. */
function cutCopies(
  { bytes }: Document,
  field: Field,
  range: { start: number; end: number },
  { detector, rule }: Match,
  cuts: Cuts,
): void {
  if (detector !== "known_secrets" && detector !== "canary") return;
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const value = whole.subarray(range.start, range.end);
  for (let at = whole.indexOf(value, range.end); at >= 0 && at < field.end;) {
    cuts.add(field, at, at + value.length, rule);
    at = whole.indexOf(value, at + value.length);
  }
}

/** The fields that share a byte with a range. */
function fieldsWithin(fields: readonly Field[], start: number, end: number): Field[] {
  let low = 0;
  let high = fields.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fields[middle]!.end > start) high = middle;
    else low = middle + 1;
  }
  const found: Field[] = [];
  for (let index = low; index < fields.length && fields[index]!.start < end; index++) {
    found.push(fields[index]!);
  }
  return found;
}
