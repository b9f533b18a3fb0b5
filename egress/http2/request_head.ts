import { type Denial, deny } from "../denial.ts";
import { field, type HeaderField, headerValue } from "../header_list.ts";
import type { InboundRequest } from "../inbound.ts";
import type { DecodedBlock, DecodedField } from "./hpack_decoder.ts";

/** The head of a request in the form that HTTP/1.1 requests have, too. */
export type StreamHead =
  & Pick<InboundRequest, "method" | "target" | "headers" | "expectContinue" | "refusal">
  & {
    /** Announced length of the body. */
    readonly length: number | null;
  };

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^[\x21-\x7e]+$/;
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// deno-lint-ignore no-control-regex
const FORBIDDEN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/;
const LENGTH = /^\d{1,15}$/;
/** Fields that HTTP/2 does not carry (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;
const PSEUDO_FIELDS: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":path"]);

/** Whether a field is one of a connection, which HTTP/2 has no use for. */
export function belongsToConnection(name: string): boolean {
  return CONNECTION_FIELDS.test(name);
}

/**
 * Reads the fields of a request (RFC 9113 section 8.3). What is malformed has a `refusal`: it is answered, and
 * recorded, rather than reset.
 *
 * @param ends whether the request has no body.
 */
export function readRequestHead({ fields, overflow }: DecodedBlock, ends: boolean): StreamHead {
  const pseudo = new Map<string, string>();
  const regular: HeaderField[] = [];
  for (const [name, value] of fields) {
    if (name.startsWith(":")) pseudo.set(name, value);
    else regular.push(field(name, value));
  }
  const length = headerValue(regular, "content-length");
  const method = pseudo.get(":method") ?? "";
  const problem = pseudoProblem(fields) ?? headProblem(pseudo, ends, length) ??
    fieldProblem(regular);
  const refusal: Denial | undefined = overflow
    ? deny("headers_too_large", "the request has too many or too large headers")
    : problem === undefined
    ? undefined
    : deny("malformed_request", problem);
  return {
    method,
    target: pseudo.get(":path") ?? "*",
    headers: withAuthority(withOneCookie(regular), pseudo.get(":authority")),
    expectContinue: headerValue(regular, "expect")?.toLowerCase() === "100-continue",
    length: length === undefined || !LENGTH.test(length) ? null : Number(length),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** What is wrong with the fields after a body; they are not carried on. */
export function trailerProblem({ fields, overflow }: DecodedBlock): string | undefined {
  if (overflow) return "the trailers are too large";
  if (fields.some(([name]) => name.startsWith(":"))) {
    return "a pseudo-header stands in the trailers";
  }
  return fieldProblem(fields.map(([name, value]) => field(name, value)));
}

/** What is wrong with the order or number of pseudo-headers. */
function pseudoProblem(fields: readonly DecodedField[]): string | undefined {
  const seen = new Set<string>();
  let regular = false;
  for (const [name] of fields) {
    if (!name.startsWith(":")) {
      regular = true;
      continue;
    }
    if (regular) return "a pseudo-header stands after a header";
    if (!PSEUDO_FIELDS.has(name)) return "a pseudo-header is unknown";
    if (seen.has(name)) return "a pseudo-header stands twice";
    seen.add(name);
  }
  return undefined;
}

function headProblem(
  pseudo: ReadonlyMap<string, string>,
  ends: boolean,
  length: string | undefined,
): string | undefined {
  const method = pseudo.get(":method");
  const scheme = pseudo.get(":scheme");
  const path = pseudo.get(":path");
  const authority = pseudo.get(":authority");
  if (method === undefined || !METHOD.test(method)) return "the method is not a token";
  if (method === "CONNECT") {
    // Refused later on, as a method.
    if (scheme !== undefined || path !== undefined) return "CONNECT has no scheme and no path";
  } else {
    if (scheme === undefined || path === undefined) return "the scheme or the path is missing";
    if (scheme !== "https") return "the scheme in a TLS tunnel is https";
    if (!TARGET.test(path)) return "the request target holds a byte that no URL has";
    if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) {
      return "the path does not begin with a slash";
    }
  }
  if (authority !== undefined && !TARGET.test(authority)) {
    return "the authority holds a byte that no URL has";
  }
  if (length !== undefined && !LENGTH.test(length)) return "content-length is not a number";
  // The stream would end before its body.
  if (ends && length !== undefined && Number(length) !== 0) {
    return "the body is not as long as content-length says";
  }
  return undefined;
}

/** What RFC 9113 section 8.2 forbids in a field. */
function fieldProblem(fields: readonly HeaderField[]): string | undefined {
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
  return undefined;
}

/** Cookies come one by one in HTTP/2 and go on as one field (RFC 9113 section 8.2.3). */
function withOneCookie(fields: HeaderField[]): HeaderField[] {
  const cookies = fields.filter(({ name }) => name === "cookie");
  if (cookies.length < 2) return fields;
  const joined = field("cookie", cookies.map(({ value }) => value).join("; "));
  return [...fields.filter(({ name }) => name !== "cookie"), joined];
}

/** One Host, as in HTTP/1.1: an equal one is the same statement, another one is a contradiction. */
function withAuthority(fields: HeaderField[], authority: string | undefined): HeaderField[] {
  return authority === undefined || headerValue(fields, "host") === authority
    ? fields
    : [field("Host", authority), ...fields];
}
