import type { DecodeLimits } from "./decode/budget.ts";
import type { Fingerprint, Match } from "./finding.ts";

/** An outgoing request as detectors see it: everything canonical, nothing sent yet. */
export interface OutboundMessage {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** The whole body as it is sent, content codings included. */
  readonly body: Uint8Array;
}

/** A match, with the part of the request that it lies in, such as "body" or "header cookie". */
export interface PlacedMatch extends Match {
  readonly place: string;
  readonly fingerprint: string;
  /** What stands around it, without the value and without anything else that looks like one. */
  readonly context: string;
}

/** Why a body cannot be read. */
export interface BodyProblem {
  readonly refused: string;
  /** It decodes to more than may be looked at. */
  readonly tooLarge: boolean;
}

/** What a scan of a whole request found. */
export interface MessageScan {
  /** Strictest first, each value once. */
  readonly matches: readonly PlacedMatch[];
  /** Why a part was not looked at, each reason once: the request is then not clean, whatever `matches` says. */
  readonly incomplete: readonly string[];
  /** Lines of the head that were looked at: familiar from now on, if the request leaves and nothing was found. */
  readonly fresh: readonly string[];
  /** The body could not be read at all. */
  readonly body?: BodyProblem;
}

/** What a scan of a request is given besides the request. */
export interface ScanOptions {
  /** Most bytes that a body may decode to. */
  readonly maxBody: number;
  readonly fingerprint: Fingerprint;
  /** Lines of heads that left before and in which nothing was found: they tell nothing new. */
  readonly familiar?: ReadonlySet<string>;
  /** What decoding a part of so many bytes may cost; `defaultLimits` unless given. */
  readonly limits?: (length: number) => DecodeLimits;
}
