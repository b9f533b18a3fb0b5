import { Buffer, isUtf8 } from "node:buffer";
import { formFields } from "./url_fields.ts";
import type { Document, Field } from "./field.ts";
import { jsonFields, MOST_FIELDS } from "./json_fields.ts";
import { lineFields } from "./line_fields.ts";
import { multipartFields } from "./multipart_fields.ts";

/** What a body is: its fields, or why none of it can be rewritten. */
export type BodyFields = readonly Field[] | { readonly fixed: string };

/** Formats that count their bytes: text inside them cannot change its length. */
const COUNTED =
  /protobuf|grpc|msgpack|messagepack|cbor|bson|avro|thrift|amf|smile|x-git-|^(?:image|audio|video|font)\/(?!svg)|application\/(?:zip|gzip|pdf|wasm|http)\b/;

/** The fields of a body, by what it is; `contentType` may only make it stricter (empty when none was given). */
export function bodyFields(bytes: Uint8Array, contentType: string, depth = 0): BodyFields {
  const [type = ""] = contentType.toLowerCase().split(";", 1);
  if (COUNTED.test(type.trim())) return { fixed: "the body is of a format that counts its bytes" };
  if (/^\s*multipart\//.test(type)) {
    return depth > 0
      ? { fixed: "the body has multiparts inside each other" }
      : multipartFields(bytes, contentType);
  }
  const json = mayBeJson(bytes) ? jsonFields(bytes) : undefined;
  if (json !== undefined) return json;
  if (/[/+]json\s*$/.test(type)) return { fixed: "the body is not the JSON that its type says" };
  if (!isTextual(bytes)) return { fixed: "the body is not text" };
  const fields = /x-www-form-urlencoded/.test(type) ? formFields(bytes) : lineFields(bytes);
  return fields.length > MOST_FIELDS ? { fixed: "the body has too many fields" } : fields;
}

/** A text inside another one: JSON or anything. */
export function innerDocument(bytes: Uint8Array): Document {
  return {
    bytes,
    fields: (mayBeJson(bytes) ? jsonFields(bytes) : undefined) ?? wholeField(bytes),
  };
}

/** One field over everything. */
export function wholeField(bytes: Uint8Array): readonly Field[] {
  return [{ start: 0, end: bytes.length, spelling: "plain", role: "value" }];
}

/** Whether the first character is one that JSON text of some use begins with. */
export function mayBeJson(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 256)).toString("latin1").replaceAll("\x1e", "");
  return /^(?:\xef\xbb\xbf)?\s*[[{"]/.test(head);
}

/** Whether bytes are text that a person could have written: no control characters, and UTF-8 or mostly ASCII. */
export function isTextual(bytes: Uint8Array): boolean {
  let high = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte >= 0x80) high++;
    else if ((byte < 0x20 && CONTROLS[byte] === 0) || byte === 0x7f) return false;
  }
  return high * 10 < bytes.length || isUtf8(bytes);
}

/** 1 for the control characters of text: tab, line breaks, form feed, escape (terminal output), record separator. */
const CONTROLS = Uint8Array.from(
  { length: 32 },
  (_, byte) => [0x09, 0x0a, 0x0c, 0x0d, 0x1b, 0x1e].includes(byte) ? 1 : 0,
);
