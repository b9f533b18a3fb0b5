import { Buffer } from "node:buffer";
import type { Match } from "../finding.ts";
import type { Scanner } from "../scanner.ts";
import type { Cuts } from "./cuts.ts";
import { type Document, fieldText, writtenRange } from "./field.ts";
import { fixedByContent } from "./fixed_members.ts";
import { matchRange } from "./match_range.ts";
import { refusedMatches, saysMore } from "./refused_matches.ts";

/** A value that is split over fields lies in one piece when only they are joined: each of them loses its part. */
export function cutJoined(
  document: Document,
  hits: readonly Match[] | undefined,
  scanner: Scanner,
  cuts: Cuts,
): boolean {
  const values = document.fields.filter(({ role }) => role === "value");
  const texts = values.map((field) => fieldText(cuts.masked, field));
  const starts: number[] = [];
  let total = 0;
  for (const { bytes } of texts) {
    starts.push(total);
    total += bytes.length;
  }
  const all = Buffer.concat(texts.map(({ bytes }) => bytes));
  const rules = hits === undefined ? undefined : new Set(hits.map(({ rule }) => rule));
  let changed = false;
  for (const match of refusedMatches(scanner, all)) {
    const wanted = rules === undefined ? saysMore(match) : rules.has(match.rule);
    const range = wanted ? matchRange(all, match, false) : undefined;
    if (range === undefined) continue;
    for (let index = lastAtMost(starts, range.start); index < values.length; index++) {
      const base = starts[index]!;
      if (base >= range.end) break;
      const text = texts[index]!;
      const from = Math.max(range.start - base, 0);
      const to = Math.min(range.end - base, text.bytes.length);
      if (from >= to) continue;
      const field = values[index]!;
      const fixed = fixedByContent(document.bytes, field);
      const cut = cuts.add(
        fixed === undefined ? field : { ...field, fixed },
        ...writtenRange(text, field, from, to),
        match.rule,
      );
      if (cut) changed = true;
    }
  }
  return changed;
}

/** Index of the last number that is not above `wanted`; numbers rise. */
function lastAtMost(numbers: readonly number[], wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
