import { Buffer } from "node:buffer";
import type { Match } from "../finding.ts";
import type { Scanner } from "../scanner.ts";
import { innerDocument } from "./body_fields.ts";
import { Cuts } from "./cuts.ts";
import { type Document, type Field, type FieldText, fieldText, writtenRange } from "./field.ts";
import { fixedByContent } from "./fixed_members.ts";
import { narrowest } from "./narrowest.ts";
import { cutJoined } from "./joined_cuts.ts";
import { cutMatches } from "./match_cuts.ts";
import { refusedMatches } from "./refused_matches.ts";
import { Unredactable } from "./unredactable.ts";

/** Texts inside texts that are looked at as what they are; deeper ones are plain text. */
const DEEPEST = 6;
/** Bytes of fields that are scanned together: one that is clean tells that each of them is. */
const GROUP = 64 * 1024;
/** Stands between fields that are scanned together; no value is assigned across it. */
const BETWEEN = Buffer.from("\x01\n\n\n");
/** Shortest field that can hold a value by itself, in bytes. */
const SHORTEST = 4;
/** A scan reports the first place of each known secret only, so texts are scanned again until they are clean. */
const MOST_SCANS = 24;
/** The same for larger texts, so that the cost stays bounded. */
const MOST_SCANS_OF_LARGE = 8;
const LARGE = 1024 * 1024;

/**
 * The cuts after which `scanner` finds nothing in the document, nor in the text of any of its fields, but for values
 * of severity `warn`.
 *
 * @throws {Unredactable} when something lies outside the fields, in one that is fixed, or in no place at all.
 */
export function findCuts(document: Document, scanner: Scanner, depth = 0): Cuts {
  const cuts = new Cuts(document);
  const [only] = document.fields;
  const single = document.fields.length === 1 && only?.spelling === "plain" &&
    only.start === 0 && only.end === document.bytes.length;
  if (document.splits === true) cutJoined(document, undefined, scanner, cuts);
  if (!single) cutInFields(document, scanner, cuts, depth);
  const scans = document.bytes.length > LARGE ? MOST_SCANS_OF_LARGE : MOST_SCANS;
  for (let scan = 0; scan < scans; scan++) {
    const hits = refusedMatches(scanner, cuts.masked);
    if (hits.length === 0) {
      if (document.splits === true && cutJoined(document, undefined, scanner, cuts)) continue;
      return cuts;
    }
    if (cutMatches(document, hits, cuts, single)) continue;
    const cut = single
      ? cutNarrowed(only, hits, scanner, cuts)
      : cutJoined(document, hits, scanner, cuts);
    if (!cut) throw new Unredactable("a value is spread so that it cannot be taken out");
  }
  throw new Unredactable("a value stands in more forms than are taken out");
}

/** Looks at the text of every field by itself: spelled out, and as JSON when it is. */
function cutInFields(document: Document, scanner: Scanner, cuts: Cuts, depth: number): void {
  const inOne = (field: Field, text: FieldText) => {
    if (refusedMatches(scanner, text.bytes).length === 0) return;
    const fixed = fixedByContent(document.bytes, field);
    if (fixed !== undefined) throw new Unredactable(fixed);
    const inner = depth < DEEPEST ? innerDocument(text.bytes) : {
      bytes: text.bytes,
      fields: [{ start: 0, end: text.bytes.length, spelling: "plain", role: "value" } as const],
    };
    for (const { start, end, rule } of findCuts(inner, scanner, depth + 1).merged()) {
      cuts.add(field, ...writtenRange(text, field, start, end), rule);
    }
  };
  let group: { field: Field; text: FieldText }[] = [];
  let size = 0;
  const flush = () => {
    if (group.length === 1) inOne(group[0]!.field, group[0]!.text);
    else if (refusedMatches(scanner, joined(group.map(({ text }) => text.bytes))).length > 0) {
      for (const { field, text } of group) inOne(field, text);
    }
    group = [];
    size = 0;
  };
  for (const field of document.fields) {
    if (field.fixed !== undefined || field.end - field.start < SHORTEST) continue;
    const text = fieldText(document.bytes, field);
    group.push({ field, text });
    size += text.bytes.length;
    if (size >= GROUP) flush();
  }
  if (group.length > 0) flush();
}

function joined(texts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(texts.flatMap((text) => [text, BETWEEN]));
}

/** A value that is spread over one text: the narrowest part of it that is still found. */
function cutNarrowed(
  field: Field,
  hits: readonly Match[],
  scanner: Scanner,
  cuts: Cuts,
): boolean {
  let changed = false;
  for (const { rule } of hits) {
    const range = narrowest(
      cuts.masked,
      (bytes) => refusedMatches(scanner, bytes).some((match) => match.rule === rule),
    );
    if (range !== undefined && cuts.add(field, range.start, range.end, rule)) changed = true;
  }
  return changed;
}
