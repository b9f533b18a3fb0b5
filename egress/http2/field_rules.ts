import { framingNameProblem } from "../http1/framing.ts";
import { field, type HeaderField } from "../header_list.ts";
import type { DecodedBlock } from "./hpack_decoder.ts";

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// deno-lint-ignore no-control-regex
const FORBIDDEN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/;
/** Fields that HTTP/2 does not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;

/** Whether a field is one of a connection, which HTTP/2 has no use for. */
export function belongsToConnection(name: string): boolean {
  return CONNECTION_FIELDS.test(name);
}

/** What RFC 9113 section 8.2 forbids in a field. */
export function fieldProblem(fields: readonly HeaderField[]): string | undefined {
  let lengths = 0;
  for (const { name, raw, value } of fields) {
    if (!FIELD_NAME.test(raw)) return "a header name is not a lower-case token";
    if (FORBIDDEN_VALUE.test(value)) {
      return "a header value holds a control character or outer space";
    }
    if (belongsToConnection(name)) return `${name} does not belong in HTTP/2`;
    if (name === "te" && value !== "trailers") return "TE in HTTP/2 is trailers or nothing";
    if (name === "content-length" && ++lengths > 1) return "content-length stands twice";
  }
  return framingNameProblem(fields);
}

/** What is wrong with the fields after a body; they are not carried on. */
export function trailerProblem({ fields, overflow }: DecodedBlock): string | undefined {
  if (overflow) return "the trailers are too large";
  if (fields.some(([name]) => name.startsWith(":"))) {
    return "a pseudo-header stands in the trailers";
  }
  return fieldProblem(fields.map(([name, value]) => field(name, value)));
}
