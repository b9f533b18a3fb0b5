import type { Buffer } from "node:buffer";
import type { Answer, Approvals } from "../../core/proposal.ts";
import { releases } from "../../core/proposal.ts";
import type { MessageScan, PlacedMatch } from "../../dlp/detector.ts";
import type { KnownSecret, SecretStrength } from "../../dlp/known/secret.ts";
import type { DetectorName } from "../../dlp/scanner.ts";
import { deny } from "../denial.ts";
import type { HeaderField } from "../header_list.ts";
import { Refusal } from "../refusal.ts";
import type { Route } from "../route_table.ts";
import { type FindingRecord, recordsOf } from "./finding_record.ts";
import { fingerprintKey } from "./fingerprint.ts";
import { Holds } from "./holds.ts";
import { type Inspection, inspectionOf } from "./inspection.ts";
import { IssuedValues } from "./issued_values.ts";
import { ScannerSet } from "./request_inspector.ts";
import { StrictRoutes } from "./strict_routes.ts";
import { maskText } from "./text_mask.ts";

/** What the screen is made of. */
export interface ScreenOptions {
  /** Values that must not leave. */
  readonly secrets: readonly KnownSecret[];
  /** Asks the operator; without it what would be held is refused. */
  readonly approvals?: Approvals;
  /** Milliseconds that a request is held. */
  readonly holdTime: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** A request as it would leave, before the route's credential is added. */
export interface OutboundRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
}

/** A request that may leave, with what was noted on it. */
export interface ScreenedRequest extends OutboundRequest {
  readonly findings: readonly FindingRecord[];
}

/** The exchange that a request belongs to. */
export interface Waiter {
  /** Aborted when the client is gone. */
  readonly gone: () => AbortSignal;
  /** Told that the request waits for a person, and that it does not any more. */
  readonly held: (waits: boolean) => void;
}

const EVERYTHING: readonly DetectorName[] = ["token_patterns", "known_secrets"];

/** Looks at every request before it leaves, and refuses, rewrites or holds what must not. */
export class OutboundScreen {
  readonly strict: StrictRoutes;
  readonly issued: IssuedValues;
  readonly #scanners: ScannerSet;
  readonly #holds: Holds;

  constructor({ secrets, approvals, holdTime, now }: ScreenOptions) {
    this.strict = new StrictRoutes(now);
    this.issued = new IssuedValues(now);
    this.#scanners = new ScannerSet({ secrets, key: fingerprintKey() });
    this.#holds = new Holds(approvals, holdTime);
  }

  /** Makes the scanner that most routes use, before a request waits for it. How well each secret can be guarded. */
  async prepare(): Promise<readonly SecretStrength[]> {
    return (await this.#scanners.get(EVERYTHING)).strengths;
  }

  /** How requests of a route are looked at now; undefined when they are not. */
  inspectionOf(route: Route): Inspection | undefined {
    return inspectionOf(route, this.strict.isStrict(route.label));
  }

  /** `text` without anything that a detector finds in it. */
  mask(text: string): string {
    return maskText(text, this.#scanners.peek(EVERYTHING));
  }

  /**
   * The request as it may leave; what is held waits here for the operator.
   *
   * @throws Refusal
   */
  async screen(
    request: OutboundRequest,
    inspection: Inspection,
    waiter: Waiter,
  ): Promise<ScreenedRequest> {
    const scan = await this.#scanners.scan(request, inspection);
    if (scan.body !== undefined) {
      const code = scan.body.tooLarge ? "body_too_large" : "body_undecodable";
      throw new Refusal(deny(code, scan.body.refused));
    }
    const findings = recordsOf(scan);
    const open = this.#openMatches(scan, request.host, inspection);
    if (open.length === 0 && scan.incomplete.length === 0) return { ...request, findings };
    const fatal = open.find(({ detector }) => detector === "crlf" || detector === "canary");
    if (fatal !== undefined) throw detected(told(fatal), findings);
    if (inspection.onMatch !== "supervise") {
      throw detected(open[0] === undefined ? scan.incomplete.join("; ") : told(open[0]), findings);
    }
    for (const { reason, ask } of this.#questions(open, scan, request)) {
      waiter.held(true);
      const answer = await this.#holds.ask(...ask, waiter.gone());
      waiter.held(false);
      if (releases(answer)) continue;
      throw detected(`${reason}; ${outcome(answer)}`, findings, nextStep(answer));
    }
    return { ...request, findings };
  }

  /** What has to be acted on: not hints, not what was approved, not what the host itself gave away. */
  #openMatches({ matches }: MessageScan, host: string, { strict }: Inspection): PlacedMatch[] {
    return matches.filter((match) =>
      (strict || match.severity !== "warn") && !this.#holds.isApproved(keyOf(host, match)) &&
      !(match.detector === "token_patterns" && this.issued.has(host, match.fingerprint))
    );
  }

  *#questions(
    open: readonly PlacedMatch[],
    { incomplete }: MessageScan,
    request: OutboundRequest,
  ): Generator<{ reason: string; ask: [string, Parameters<Holds["ask"]>[1], boolean] }> {
    const about = {
      host: this.mask(request.host),
      method: this.mask(request.method),
      path: this.mask(request.path),
    };
    const draft = (reason: string, more: Readonly<Record<string, string>>) => ({
      tool: "egress-token-allow" as const,
      justification: `A request to ${about.host} is held: it ${reason}.`,
      details: { ...about, ...more },
    });
    for (const match of open) {
      const { detector, rule, place, context } = match;
      const reason = told(match);
      const details = { detector, rule, place, context: this.mask(context) };
      yield { reason, ask: [keyOf(request.host, match), draft(reason, details), true] };
    }
    if (incomplete.length > 0) {
      const reason = incomplete.join("; ");
      const details = { detector: "dlp", rule: "incomplete", place: "request", context: "" };
      yield {
        reason,
        ask: [
          crypto.randomUUID(),
          draft(`cannot be looked at as a whole: ${reason}`, details),
          false,
        ],
      };
    }
  }
}

function detected(reason: string, findings: readonly FindingRecord[], next?: string): Refusal {
  const denial = { ...deny("detected", reason), findings };
  return new Refusal(next === undefined ? denial : { ...denial, next });
}

function keyOf(host: string, { detector, rule, fingerprint }: PlacedMatch): string {
  return `${host} ${detector} ${rule} ${fingerprint}`;
}

function told({ reason, place }: PlacedMatch): string {
  return `${reason}, in the ${place}`;
}

function outcome({ status, notes }: Answer): string {
  const said = notes.trim() === "" ? "" : `: ${notes.trim()}`;
  switch (status) {
    case "approved":
      return "the operator's approval gives no reason, so it does not count";
    case "modified":
      return "the operator answered with a change, which a request cannot take";
    case "rejected":
      return `the operator rejected it${said}`;
    case "expired":
      return "the operator did not answer in time";
    case "withdrawn":
    case "refused":
      return `it could not be held${said}`;
  }
}

function nextStep({ status }: Answer): string {
  return status === "expired"
    ? "take the value out, or ask the operator to watch for proposals and send the request again"
    : "take the value out of the request; do not send it in another form";
}
