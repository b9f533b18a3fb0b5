import { foldedName, type HeaderList, headerValues } from "../header_list.ts";
import type { RequestHead, ResponseHead } from "./message_head.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

/** How the end of a message body is known (RFC 9112 section 6). */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

const NONE: Framing = { kind: "none" };
const KNOWN_CODINGS: ReadonlySet<string> = new Set([
  "gzip",
  "x-gzip",
  "deflate",
  "compress",
  "x-compress",
]);
const FRAMING_FIELDS: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/**
 * The framing of a request. Anything on which two parsers could differ is refused: two lengths (also equal
 * ones), a length with a transfer coding, a coding that is not exactly `chunked`, a coding in HTTP/1.0.
 *
 * @throws HttpSyntaxError
 */
export function requestFraming(head: RequestHead): Framing {
  const problem = framingNameProblem(head.headers);
  if (problem !== undefined) throw new HttpSyntaxError(problem);
  return messageFraming(head.headers, head.minor) ?? NONE;
}

/** What is wrong with the names of a request's fields: one that a server could take for a field of the framing. */
export function framingNameProblem(headers: HeaderList): string | undefined {
  const lookalike = headers.some(({ name }) =>
    !FRAMING_FIELDS.has(name) && FRAMING_FIELDS.has(foldedName(name))
  );
  return lookalike ? "a header spells a framing field in another way" : undefined;
}

/**
 * The framing of a response to `method`.
 *
 * @throws HttpSyntaxError for what is ambiguous, and for a body where none may be (204, RFC 9110 section 8.6).
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const framing = messageFraming(head.headers, head.minor);
  if (head.status === 204 || head.status < 200) {
    if (framing !== undefined && !(framing.kind === "length" && framing.length === 0)) {
      throw new HttpSyntaxError(`a ${head.status} answer announces a body`);
    }
    return NONE;
  }
  if (method === "HEAD" || head.status === 304) return NONE;
  return framing ?? { kind: "until-close" };
}

function messageFraming(headers: HeaderList, minor: 0 | 1): Framing | undefined {
  const codings = headerValues(headers, "transfer-encoding");
  const lengths = headerValues(headers, "content-length");
  if (codings.length > 0) {
    if (lengths.length > 0) {
      throw new HttpSyntaxError("both Content-Length and Transfer-Encoding are present");
    }
    if (minor === 0) throw new HttpSyntaxError("Transfer-Encoding stands in an HTTP/1.0 message");
    return chunkedOnly(codings);
  }
  if (lengths.length > 1) throw new HttpSyntaxError("Content-Length stands more than once");
  const length = lengths[0];
  if (length === undefined) return undefined;
  if (!/^\d{1,15}$/.test(length)) {
    throw new HttpSyntaxError("Content-Length is not a number of bytes");
  }
  return { kind: "length", length: Number(length) };
}

function chunkedOnly(lines: readonly string[]): Framing {
  const codings = lines.join(",").split(",").map((coding) => coding.trim().toLowerCase());
  if (codings.length === 1 && codings[0] === "chunked") return { kind: "chunked" };
  const supportedByOthers = codings.at(-1) === "chunked" &&
    codings.slice(0, -1).every((coding) => KNOWN_CODINGS.has(coding));
  throw new HttpSyntaxError(
    "Transfer-Encoding is not exactly chunked",
    supportedByOthers && codings.length > 1 ? "unsupported_transfer_coding" : "malformed_request",
  );
}
