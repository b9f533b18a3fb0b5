import type { Match, Severity } from "./finding.ts";

/** An outgoing request as detectors see it: everything canonical, nothing sent yet. */
export interface OutboundMessage {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** The body as far as it was read before sending: all of it when `bodyComplete`. */
  readonly body: Uint8Array;
  readonly bodyComplete: boolean;
}

/** What a detector found; `reason` never quotes the value. */
export interface Finding {
  readonly detector: string;
  readonly reason: string;
  /** `block` unless given; `supervise` when a person should decide. */
  readonly severity?: Severity;
  /** Where in the request, such as "body" or "header cookie". */
  readonly place?: string;
  /** Every match, strictest first; ranges count from the start of their place. */
  readonly matches?: readonly (Match & { readonly place: string })[];
}

/** Looks for something that must not leave. */
export interface Detector {
  readonly name: string;
  inspect(message: OutboundMessage): Finding | undefined | Promise<Finding | undefined>;
}
