import { Buffer } from "node:buffer";
import type { Field } from "./field.ts";
import { fixedMembers, type Frame, isWatched, newFrame, openFrame } from "./fixed_members.ts";
import { jsonUnescaped } from "./json_escapes.ts";
import { numberEnd, stringEnd, wordEnd } from "./json_lexemes.ts";

/** Containers inside each other; more than any API takes, and the stack stays small. */
const DEEPEST = 2_000;
/** Strings of one text: 32 bytes or fewer each in the largest body is no conversation, and memory is bounded. */
export const MOST_FIELDS = 500_000;
/** Longest key whose meaning is known, in bytes. */
const LONGEST_KEY = 40;

/**
 * The strings of JSON text (RFC 8259) from `from` on: one document or several after each other, as in NDJSON (RFC 7464
 * separators too). Strict but for the bytes inside strings, which need not be UTF-8. One pass without recursion.
 *
 * @returns undefined when it is not JSON to its end, begins with a bare number or word, nests too deeply or has too many strings.
 */
export function jsonFields(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): Field[] | undefined {
  const fields: Field[] = [];
  const frames: Frame[] = [];
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let depth = 0;
  let at = from;
  // What may come: a value, a key, or what follows a value; `first` when the container may also end here.
  let expects: "value" | "key" | "next" = "value";
  let first = false;
  let documents = 0;
  if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3;
  for (;; at++) {
    const byte = at < to ? bytes[at]! : -1;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    if (byte === 0x1e && depth === 0 && expects === "value") continue;
    if (byte === -1) return depth === 0 && documents > 0 ? fields : undefined;
    const frame = depth === 0 ? undefined : frames[depth - 1]!;
    if (byte === 0x7d || byte === 0x5d) { // } ]
      const object = byte === 0x7d;
      if (frame === undefined || frame.object !== object) return undefined;
      if (expects !== "next" && !first) return undefined;
      if (object) fixedMembers(bytes, frames, depth, fields);
      depth--;
    } else if (expects === "next") {
      if (byte !== 0x2c || frame === undefined) return undefined;
      expects = frame.object ? "key" : "value";
      frame.index++;
      first = false;
      continue;
    } else if (byte === 0x22) {
      const end = stringEnd(bytes, at, to);
      if (end < 0 || fields.length === MOST_FIELDS) return undefined;
      const inside = { start: at + 1, end: end - 1, spelling: "json" } as const;
      at = end - 1;
      first = false;
      if (expects === "key") {
        fields.push({ ...inside, role: "name" });
        frame!.key = keyText(whole, inside.start, inside.end);
        do at++; while (bytes[at]! === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d));
        if (at >= to || bytes[at] !== 0x3a) return undefined;
        expects = "value";
        continue;
      }
      if (frame?.object === true && isWatched(frame.key)) {
        frame.watched.push(fields.length);
        frame.keys.push(frame.key);
      }
      fields.push({ ...inside, role: "value" });
    } else if (expects === "key") {
      return undefined;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (depth === DEEPEST) return undefined;
      openFrame(frames[depth] ??= newFrame(), byte === 0x7b);
      depth++;
      expects = byte === 0x7b ? "key" : "value";
      first = true;
      continue;
    } else {
      if (frame === undefined) return undefined;
      const end = byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
        ? numberEnd(bytes, at, to)
        : wordEnd(bytes, at, to);
      if (end < 0) return undefined;
      at = end - 1;
      first = false;
    }
    first = false;
    expects = depth === 0 ? "value" : "next";
    if (depth === 0) documents++;
  }
}

function keyText(whole: Buffer, start: number, end: number): string {
  if (end - start > LONGEST_KEY) return "";
  const written = whole.toString("latin1", start, end);
  if (!written.includes("\\")) return written;
  return Buffer.from(jsonUnescaped(whole.subarray(start, end), 0).bytes).toString("latin1");
}
