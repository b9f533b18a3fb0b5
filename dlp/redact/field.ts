import { Buffer } from "node:buffer";
import { jsonUnescaped } from "./json_escapes.ts";

/** How the text of a field is written: as it is, in a JSON string, percent-encoded, or as a form is (`+` for a space). */
export type Spelling = "plain" | "json" | "percent" | "form";

/** A stretch of text inside a document, without its quotes or separators. */
export interface Field {
  /** Offset of the first byte in the document. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  readonly spelling: Spelling;
  /** A name is only rewritten when its value being gone is not enough. */
  readonly role: "value" | "name";
  /** Why it must stay as it is: signed, or not text. */
  readonly fixed?: string;
}

/** Bytes and the text in them, in rising order and disjoint; what lies between is structure and stays. */
export interface Document {
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  /** Its values are also looked at as one text, since they are short and a value may be split over them. */
  readonly splits?: boolean;
}

/** What a field says, and where each byte of it is written. */
export interface FieldText {
  readonly bytes: Uint8Array;
  /** For each byte its offset in the document, and one more for the end; undefined when it is written as it is. */
  readonly offsets: Uint32Array | undefined;
}

/** The text of `field` without its spelling. */
export function fieldText(document: Uint8Array, field: Field): FieldText {
  const written = document.subarray(field.start, field.end);
  if (field.spelling === "plain") return { bytes: written, offsets: undefined };
  if (field.spelling === "json") {
    return written.includes(0x5c)
      ? jsonUnescaped(written, field.start)
      : { bytes: written, offsets: undefined };
  }
  const form = field.spelling === "form";
  return written.includes(0x25) || (form && written.includes(0x2b))
    ? percentDecoded(written, field.start, form)
    : { bytes: written, offsets: undefined };
}

/** Where the bytes from `start` to `end` of a field's text are written in the document. */
export function writtenRange(
  { bytes, offsets }: FieldText,
  field: Field,
  start: number,
  end: number,
): [start: number, end: number] {
  if (offsets === undefined) return [field.start + start, field.start + end];
  // All bytes of one escaped character have the same offset: it goes as a whole.
  let after = end;
  while (after < bytes.length && offsets[after] === offsets[end - 1]) after++;
  return [offsets[start]!, offsets[after]!];
}

function percentDecoded(written: Uint8Array, base: number, form: boolean): FieldText {
  const bytes = new Uint8Array(written.length);
  const offsets = new Uint32Array(written.length + 1);
  let length = 0;
  for (let at = 0; at < written.length;) {
    offsets[length] = base + at;
    const triplet = written[at] === 0x25
      ? /^[0-9a-fA-F]{2}$/.exec(Buffer.from(written.subarray(at + 1, at + 3)).toString("latin1"))
      : null;
    if (triplet !== null) {
      bytes[length++] = parseInt(triplet[0], 16);
      at += 3;
    } else {
      bytes[length++] = form && written[at] === 0x2b ? 0x20 : written[at]!;
      at++;
    }
  }
  offsets[length] = base + written.length;
  return { bytes: bytes.subarray(0, length), offsets: offsets.subarray(0, length + 1) };
}
