import type { DenialCode } from "../denial.ts";

/** A message that is not valid HTTP/1.1, or is ambiguous; the connection cannot be used after it. */
export class HttpSyntaxError extends Error {
  override readonly name = "HttpSyntaxError";
  constructor(message: string, readonly code: DenialCode = "malformed_request") {
    super(message);
  }
}
