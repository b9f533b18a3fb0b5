import { Buffer } from "node:buffer";
import { type BodyFields, bodyFields } from "./body_fields.ts";
import type { Field } from "./field.ts";

/** Fields of a part after which its bytes must not change: they say how long or how they are, or what their digest is. */
const BOUND =
  /^(?:content-length|content-encoding|content-md5|content-range|.*digest.*|.*signature.*)$/;
/** A part's header block may be this long. */
const LONGEST_HEAD = 16 * 1024;

/**
 * The fields of a multipart body (RFC 2046, section 5.1): what quotes enclose in the parts' header fields, and the
 * bodies of parts that are text.
 */
export function multipartFields(bytes: Uint8Array, contentType: string): BodyFields {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return { fixed: "the body is a multipart without a boundary" };
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const delimiter = Buffer.from(`--${name}`, "latin1");
  const fields: Field[] = [];
  let at = whole.indexOf(delimiter);
  if (at < 0 || (at > 0 && whole[at - 1] !== 0x0a)) return badly();
  for (let number = 1;; number++) {
    at += delimiter.length;
    if (whole[at] === 0x2d && whole[at + 1] === 0x2d) return fields;
    const line = whole.indexOf("\r\n", at);
    if (line < 0 || !/^[ \t]*$/.test(whole.toString("latin1", at, line))) return badly();
    const next = whole.indexOf(`\r\n--${name}`, line, "latin1");
    if (next < 0) return badly();
    // A part without header fields begins with the empty line itself.
    const head = whole.indexOf("\r\n\r\n", line);
    if (head < 0 || head > next || head - line > LONGEST_HEAD) return badly();
    const headers = whole.toString("latin1", line + 2, Math.max(head, line + 2));
    for (const field of quoted(headers, line + 2)) fields.push(field);
    const start = Math.min(head + 4, next);
    for (const field of partFields(bytes.subarray(start, next), headers, number)) {
      fields.push({ ...field, start: field.start + start, end: field.end + start });
    }
    at = next + 2;
  }
}

function badly(): BodyFields {
  return { fixed: "the body is not the multipart that its type says" };
}

function* quoted(headers: string, base: number): Generator<Field> {
  for (const found of headers.matchAll(/"([^"\r\n]{1,4000})"/g)) {
    const start = base + found.index + 1;
    yield { start, end: start + found[1]!.length, spelling: "plain", role: "value" };
  }
}

function partFields(bytes: Uint8Array, headers: string, number: number): readonly Field[] {
  if (bytes.length === 0) return [];
  const fixed = (why: string): readonly Field[] => [
    { start: 0, end: bytes.length, spelling: "plain", role: "value", fixed: why },
  ];
  let type = "";
  for (const line of headers.replace(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "content-type") type = value;
    if (BOUND.test(name)) return fixed(`part ${number} says how long or how its bytes are`);
    if (name === "content-transfer-encoding" && !/^(?:7bit|8bit|binary)$/i.test(value)) {
      return fixed(`part ${number} is in a transfer encoding`);
    }
  }
  const inner = bodyFields(bytes, type, 1);
  return "fixed" in inner ? fixed(inner.fixed.replace("the body", `part ${number}`)) : inner;
}
