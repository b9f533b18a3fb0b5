import { Buffer } from "node:buffer";
import type { Document, Field } from "./field.ts";
import type { RedactableHeader } from "./redact_request.ts";

/** Fields that say how the message is read; a request with one of them rewritten is another request. */
const FRAMING: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "content-length",
  "content-type",
  "content-encoding",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "expect",
]);

/** Header fields as lines of one document, with their values as its fields; each value of a cookie is one. */
export function headDocument(headers: readonly RedactableHeader[]): Document {
  const fields: Field[] = [];
  const lines: string[] = [];
  let at = 0;
  for (const { name, value } of headers) {
    const lower = name.toLowerCase();
    const start = at + name.length + 2;
    const end = start + value.length;
    const fixed = FRAMING.has(lower)
      ? { fixed: `the header ${lower} says how the request is read` }
      : {};
    fields.push({
      start: at,
      end: start - 2,
      spelling: "plain",
      role: "name",
      fixed: "the name of a header cannot be rewritten",
    });
    if (lower === "cookie") fields.push(...cookieFields(value, start));
    else if (end > start) fields.push({ start, end, spelling: "plain", role: "value", ...fixed });
    lines.push(`${name}: ${value}\n`);
    at = end + 1;
  }
  return { bytes: Buffer.from(lines.join(""), "latin1"), fields };
}

/** The header fields with the values of a rewritten document; those that did not change are the same objects. */
export function rewrittenHeaders<Header extends RedactableHeader>(
  headers: readonly Header[],
  bytes: Uint8Array,
): Header[] {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  return headers.map((header, index) => {
    const value = lines[index]!.slice(header.name.length + 2);
    return value === header.value ? header : { ...header, value };
  });
}

/** Names and values of a cookie (RFC 6265, section 4.2.1). */
function cookieFields(value: string, base: number): Field[] {
  const fields: Field[] = [];
  let at = base;
  for (const pair of value.split(";")) {
    const length = pair.length;
    const equals = pair.indexOf("=");
    const start = at + (equals < 0 ? 0 : equals + 1);
    const name = at + (pair.length - pair.trimStart().length);
    if (equals >= 0 && start - 1 > name) {
      fields.push({ start: name, end: start - 1, spelling: "plain", role: "name" });
    }
    if (at + length > start) {
      fields.push({ start, end: at + length, spelling: "plain", role: "value" });
    }
    at += length + 1;
  }
  return fields;
}
