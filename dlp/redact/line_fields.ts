import type { Field } from "./field.ts";
import { jsonFields } from "./json_fields.ts";

/** What of a line comes before its data in an event stream (https://html.spec.whatwg.org/#parsing-an-event-stream). */
const DATA = new TextEncoder().encode("data:");

/** The fields of text line by line: the strings of lines that are JSON, alone or as data of an event, else the text as it is. */
export function lineFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let plain = 0;
  const flush = (end: number) => {
    if (end > plain) fields.push({ start: plain, end, spelling: "plain", role: "value" });
  };
  for (let at = 0; at < bytes.length;) {
    const next = bytes.indexOf(0x0a, at);
    const end = next < 0 ? bytes.length : next;
    const start = DATA.every((byte, index) => bytes[at + index] === byte) ? at + DATA.length : at;
    const inner = mayBegin(bytes, start, end) ? jsonFields(bytes, start, end) : undefined;
    if (inner !== undefined) {
      flush(start);
      for (const field of inner) fields.push(field);
      plain = end;
    }
    at = end + 1;
  }
  flush(bytes.length);
  return fields;
}

function mayBegin(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && bytes[at] === 0x20) at++;
  return at < to && (bytes[at] === 0x7b || bytes[at] === 0x5b);
}
