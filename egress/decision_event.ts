import type { EventFields } from "../core/event.ts";
import { type Denial, isDenial, printable } from "./denial.ts";
import type { FindingRecord } from "./outbound/finding_record.ts";

/** What was counted while a request was under way; times in milliseconds, monotonic. */
export interface Tally {
  readonly started: number;
  bytesOut: number;
  bytesIn: number;
}

/** A request that was allowed, with the status of its answer. */
export interface Allowed {
  readonly verdict: "allow";
  readonly status: number;
  /** Why the answer was cut short, when it was. */
  readonly incomplete?: string;
  /** What detectors noted on the request. */
  readonly findings?: readonly FindingRecord[];
  /** Values that were taken out of the request. */
  readonly redacted?: number;
}

/** What an event says of a request. */
export interface RecordedRequest {
  readonly host: string;
  readonly port: number;
  readonly scheme: string;
  readonly method: string;
  /** Canonical target where there is one, raw otherwise. */
  readonly target: string;
}

const MAX_PATH = 512;

/**
 * The event of one decision. The query is left out: that is where tokens travel. Known secrets are
 * masked wherever an agent could have put them, before anything is cut: half a secret would not be recognised.
 *
 * @param rule the route's host pattern.
 * @param mask removes known secrets from text.
 */
export function decisionEvent(
  request: RecordedRequest,
  outcome: Denial | Allowed,
  tally: Tally,
  ended: number,
  rule: string | undefined,
  mask: (text: string) => string,
): EventFields {
  const path = mask(request.target.split("?", 1)[0]!);
  const denied = isDenial(outcome);
  return {
    type: "egress",
    verdict: denied ? "deny" : "allow",
    status: outcome.status,
    code: denied ? outcome.code : undefined,
    incomplete: denied || outcome.incomplete === undefined
      ? undefined
      : printable(mask(outcome.incomplete)),
    reason: denied ? printable(mask(outcome.reason)) : undefined,
    scheme: request.scheme,
    host: printable(mask(request.host)),
    port: request.port,
    method: printable(mask(request.method).slice(0, 32)),
    path: printable(path.slice(0, MAX_PATH)),
    rule,
    findings: outcome.findings === undefined || outcome.findings.length === 0
      ? undefined
      : outcome.findings,
    redacted: denied || outcome.redacted === 0 ? undefined : outcome.redacted,
    bytes_out: tally.bytesOut,
    bytes_in: tally.bytesIn,
    ms: Math.round((ended - tally.started) * 10) / 10,
  };
}
