import { type Denial, deny } from "./denial.ts";
import { DialError } from "./dial.ts";
import { ConnectionLost } from "./http1/byte_reader.ts";
import { HttpSyntaxError } from "./http1/syntax_error.ts";
import { RequestBodyFailed } from "./upstream_connection.ts";

/** A refusal on its way out. */
export class Refusal extends Error {
  constructor(readonly denial: Denial) {
    super(denial.reason);
  }
}

/** The refusal that an error stands for; undefined when the error is the proxy's own fault. */
export function denialOf(error: unknown): Denial | undefined {
  if (error instanceof Refusal || error instanceof DialError) return error.denial;
  if (error instanceof RequestBodyFailed) {
    return error.cause instanceof HttpSyntaxError
      ? deny(error.cause.code, error.cause.message)
      : deny("malformed_request", "the request ended inside its body");
  }
  if (error instanceof HttpSyntaxError) {
    return deny("upstream_protocol", `the upstream's answer is refused: ${error.message}`);
  }
  if (error instanceof ConnectionLost) return deny("upstream_unreachable", error.message);
  return undefined;
}
