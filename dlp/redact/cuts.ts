import { Buffer } from "node:buffer";
import type { Document, Field } from "./field.ts";
import { Unredactable } from "./unredactable.ts";

/** A range of a document that gives way to a marker. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  /** Name of the rule that found it. */
  readonly rule: string;
}

/** Values that are taken out of one document; so many are a dump, and each costs a scan of its field. */
const MOST_CUTS = 10_000;
/** What stands in place of a value while more of them are looked for: belongs to no token and no encoding. */
const FILLER = 0x23;

/** What stands in place of a value: nothing in it needs an escape in JSON, HTML, a quoted string or a header. */
export function markerOf(rule: string): string {
  return `[redacted:${rule.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 80)}]`;
}

/** The cuts of one document, made of ranges that may overlap. */
export class Cuts {
  readonly #document: Document;
  readonly #cuts: (Cut & { readonly field: Field })[] = [];
  readonly #masked: Uint8Array;
  readonly #taken: Uint8Array;

  constructor(document: Document) {
    this.#document = document;
    this.#masked = new Uint8Array(document.bytes);
    this.#taken = new Uint8Array(document.bytes.length);
  }

  /** The document with every cut filled; nothing moves. */
  get masked(): Uint8Array {
    return this.#masked;
  }

  get length(): number {
    return this.#cuts.length;
  }

  /** Cuts a range inside one field; false when all of it is cut already. */
  add(field: Field, from: number, to: number, rule: string): boolean {
    const [start, end] = wholeCharacters(this.#document.bytes, field, from, to);
    if (end <= start || this.#taken.subarray(start, end).indexOf(0) < 0) return false;
    if (field.fixed !== undefined) throw new Unredactable(field.fixed);
    if (this.#cuts.length === MOST_CUTS) {
      throw new Unredactable("it holds more values than are taken out");
    }
    this.#taken.fill(1, start, end);
    this.#masked.fill(FILLER, start, end);
    this.#cuts.push({ start, end, rule, field });
    return true;
  }

  /** The ranges in order, those that touch and have one rule joined. */
  merged(): (Cut & { readonly field: Field })[] {
    const merged: { start: number; end: number; rule: string; field: Field }[] = [];
    for (const cut of this.#cuts.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
      const last = merged.at(-1);
      if (
        last !== undefined &&
        (cut.start < last.end ||
          (cut.start === last.end && cut.rule === last.rule && cut.field === last.field))
      ) {
        last.end = Math.max(last.end, cut.end);
      } else merged.push({ ...cut });
    }
    return merged;
  }

  /** The document with a marker in place of each cut, everything else byte for byte as it was. */
  applied(): Uint8Array {
    const { bytes } = this.#document;
    const parts: Uint8Array[] = [];
    const names = new Map<string, number>();
    let at = 0;
    for (const { start, end, rule, field } of this.merged()) {
      let text = markerOf(rule);
      if (field.role === "name") {
        // Names of one object must stay different.
        const number = (names.get(text) ?? 0) + 1;
        names.set(text, number);
        if (number > 1) text = `${text.slice(0, -1)}:${number}]`;
      }
      const escaped = field.spelling === "percent" || field.spelling === "form";
      parts.push(bytes.subarray(at, start));
      parts.push(Buffer.from(escaped ? encodeURIComponent(text) : text, "latin1"));
      at = end;
    }
    parts.push(bytes.subarray(at));
    return Buffer.concat(parts);
  }
}

/** The range with the characters and escapes that it cuts into. */
function wholeCharacters(
  bytes: Uint8Array,
  field: Field,
  from: number,
  to: number,
): [start: number, end: number] {
  let start = Math.max(from, field.start);
  let end = Math.min(to, field.end);
  while (start > field.start && isContinuation(bytes[start]!)) start--;
  while (end < field.end && isContinuation(bytes[end]!)) end++;
  if (field.spelling === "plain") return [start, end];
  for (let at = Math.max(field.start, start - 5); at < start; at++) {
    if (escapeEnd(bytes, field, at) > start) start = at;
  }
  for (let at = Math.max(field.start, end - 5); at < end; at++) {
    end = Math.max(end, Math.min(field.end, escapeEnd(bytes, field, at)));
  }
  return [start, end];
}

/** Where the escape that begins at `at` ends; 0 when none does. */
function escapeEnd(bytes: Uint8Array, field: Field, at: number): number {
  if (field.spelling !== "json") return bytes[at] === 0x25 ? at + 3 : 0;
  if (bytes[at] !== 0x5c) return 0;
  let before = at;
  while (before > field.start && bytes[before - 1] === 0x5c) before--;
  // The second of two is no beginning.
  if ((at - before) % 2 === 1) return 0;
  return at + (bytes[at + 1] === 0x75 ? 6 : 2);
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
