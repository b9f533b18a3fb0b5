import { type Denial, deny } from "../denial.ts";
import { field, type HeaderField, headerValue, headerValues } from "../header_list.ts";
import { MAX_START_LINE_BYTES } from "../http1/head_scanner.ts";
import type { InboundRequest } from "../inbound.ts";
import { fieldProblem } from "./field_rules.ts";
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
const LENGTH = /^\d{1,15}$/;
const PSEUDO_FIELDS: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":path"]);

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
  const target = pseudo.get(":path") ?? "*";
  const problem = pseudoProblem(fields) ?? headProblem(pseudo, ends, length) ??
    fieldProblem(regular);
  const refusal: Denial | undefined = overflow
    ? deny("headers_too_large", "the request has too many or too large headers")
    : `${method} ${target} HTTP/1.1`.length > MAX_START_LINE_BYTES
    ? deny("target_too_long", `the request line is longer than ${MAX_START_LINE_BYTES} bytes`)
    : problem !== undefined
    ? deny("malformed_request", problem)
    : expectationProblem(regular);
  return {
    method,
    target,
    headers: withAuthority(withOneCookie(regular), pseudo.get(":authority")),
    expectContinue: headerValue(regular, "expect")?.toLowerCase() === "100-continue",
    length: length === undefined || !LENGTH.test(length) ? null : Number(length),
    ...(refusal === undefined ? {} : { refusal }),
  };
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
    // Its form is for the policy to judge, as in HTTP/1.1.
    if (!TARGET.test(path)) return "the request target holds a byte that no URL has";
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

/** As in HTTP/1.1: one expectation is known (RFC 9110 section 10.1.1). */
function expectationProblem(fields: readonly HeaderField[]): Denial | undefined {
  const known = headerValues(fields, "expect")
    .every((value) => value.toLowerCase() === "100-continue");
  if (known) return undefined;
  return deny("expectation_unknown", "the request expects something other than 100-continue");
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
