import type { Clock } from "../../core/clock.ts";
import { Buffer } from "node:buffer";
import { type Approvals, releases } from "../../core/proposal.ts";
import type { MessageScan, PlacedMatch } from "../../dlp/detector.ts";
import type { KnownSecret, SecretStrength } from "../../dlp/known/secret.ts";
import type { DetectorName } from "../../dlp/scanner.ts";
import { deny } from "../denial.ts";
import { type HeaderField, type HeaderList, headerValue } from "../header_list.ts";
import { Refusal } from "../refusal.ts";
import type { Route } from "../route_table.ts";
import { Accumulation } from "./accumulation.ts";
import { type FindingRecord, recordOf, recordsOf } from "./finding_record.ts";
import { fingerprintKey } from "./fingerprint.ts";
import { Holds } from "./holds.ts";
import { type Inspection, inspectionOf } from "./inspection.ts";
import { type AnswerText, IssuedValues } from "./issued_values.ts";
import { type Inspected, RequestInspector } from "./request_inspector.ts";
import { ScanFailed } from "./scan_pool.ts";
import {
  aboutDoubt,
  aboutValue,
  keyOf,
  nextStep,
  outcome,
  type Question,
  told,
} from "./question.ts";
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
  readonly clock: Clock;
  /** Script of the threads that look at large requests; without it they are looked at where they are. */
  readonly worker?: URL;
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
  /** Values that were taken out. */
  readonly redacted: number;
}

/** The exchange that a request belongs to. */
export interface Waiter {
  /** Aborted when the client is gone. */
  readonly gone: () => AbortSignal;
  /** Told that the request waits for a person, and that it does not any more. */
  readonly held: (waits: boolean) => void;
}

/** Texts without a finding that are remembered, and the longest of them in characters. */
const MOST_PLAIN = 512;
const LONGEST_PLAIN = 256;

const EVERYTHING: readonly DetectorName[] = ["token_patterns", "known_secrets"];

/** Looks at every request before it leaves, and refuses, rewrites or holds what must not. */
export class OutboundScreen implements Disposable {
  readonly strict: StrictRoutes;
  readonly issued: IssuedValues;
  readonly #inspector: RequestInspector;
  readonly #accumulation: Accumulation;
  readonly #holds: Holds;
  /** Texts in which nothing was found: refusals repeat theirs. */
  readonly #plain = new Set<string>();

  constructor({ secrets, approvals, holdTime, clock, worker }: ScreenOptions) {
    const now = () => clock.monotonic();
    const options = { secrets, key: fingerprintKey() };
    this.strict = new StrictRoutes(now);
    this.issued = new IssuedValues(now);
    this.#inspector = new RequestInspector(options, worker);
    this.#accumulation = new Accumulation(options, clock);
    this.#holds = new Holds(approvals, holdTime);
  }

  /** Makes the scanner that most routes use, before a request waits for it. How well each secret can be guarded. */
  async prepare(): Promise<readonly SecretStrength[]> {
    return (await this.#inspector.scanners.get(EVERYTHING)).strengths;
  }

  /** How requests of a route are looked at now; undefined when they are not. */
  inspectionOf(route: Route): Inspection | undefined {
    return inspectionOf(route, this.strict.isStrict(route.label));
  }

  /** `text` without anything that a detector finds in it. */
  mask(text: string): string {
    if (this.#plain.has(text)) return text;
    const scanner = this.#inspector.scanners.peek(EVERYTHING);
    const masked = maskText(text, scanner);
    if (masked === text && scanner !== undefined && text.length <= LONGEST_PLAIN) {
      this.#rememberPlain(text);
    }
    return masked;
  }

  #rememberPlain(text: string): void {
    this.#plain.add(text);
    if (this.#plain.size > MOST_PLAIN) this.#plain.delete(this.#plain.values().next().value!);
  }

  /** Looks at what an answer of `host` gives away: what looks like a credential there may be used there. */
  observe(
    route: Route,
    host: string,
    headers: HeaderList,
    length: number | null,
    isAllowed: (host: string) => boolean,
  ): AnswerText | undefined {
    const scanner = this.#inspector.scanners.peek(EVERYTHING);
    if (scanner === undefined || this.inspectionOf(route) === undefined) return undefined;
    this.issued.observe(host, headers, scanner, isAllowed);
    const contentType = headerValue(headers, "content-type") ?? "";
    return this.issued.observeBody(host, contentType, length, scanner);
  }

  /**
   * The request as it may leave; what is held waits here for the operator.
   *
   * @throws Refusal
   */
  async screen(
    { body: given, ...head }: OutboundRequest,
    inspection: Inspection,
    waiter: Waiter,
  ): Promise<ScreenedRequest> {
    const { scan, body } = await this.#inspect({ ...head, body: given }, inspection, waiter);
    const request = { ...head, body };
    const passed = await this.#alone(request, scan, inspection, waiter);
    const { detectors } = inspection;
    const parts = detectors.includes("known_secrets")
      ? (await this.#accumulation.push(passed, scan.fresh))
        .filter((match) => !this.#holds.isApproved(keyOf(request.host, match)))
      : [];
    const first = parts[0];
    if (first === undefined) {
      if (passed.findings.length === 0) this.#inspector.scanners.remember(scan.fresh, detectors);
      return passed;
    }
    const findings = [...passed.findings, ...parts.map(recordOf)];
    if (inspection.onMatch !== "supervise" || parts.some(isCanary)) {
      throw detected(first.reason, findings);
    }
    await this.#released(this.#questions(parts, "", request), findings, waiter);
    return { ...passed, findings };
  }

  /** @throws Refusal when it cannot be looked at in time: its body is gone then, and nobody could let it out. */
  async #inspect(
    request: OutboundRequest,
    inspection: Inspection,
    { gone }: Waiter,
  ): Promise<Inspected> {
    try {
      return await this.#inspector.scan(request, inspection, gone);
    } catch (error) {
      if (error instanceof ScanFailed) throw detected(`the request ${error.message}`, []);
      throw error;
    }
  }

  /** The request by itself, whatever left before it. */
  async #alone(
    request: OutboundRequest,
    scan: MessageScan,
    inspection: Inspection,
    waiter: Waiter,
  ): Promise<ScreenedRequest> {
    if (scan.body !== undefined) {
      const code = scan.body.tooLarge ? "body_too_large" : "body_undecodable";
      throw new Refusal(deny(code, scan.body.refused));
    }
    const findings = recordsOf(scan);
    const open = this.#openMatches(scan, request.host, inspection);
    const first = open[0];
    const passed = { ...request, findings, redacted: 0 };
    if (first === undefined && scan.incomplete.length === 0) return passed;
    const doubt = scan.incomplete.join("; ");
    const injection = open.find(({ detector }) => detector === "crlf");
    if (injection !== undefined) throw detected(told(injection), findings);
    switch (inspection.onMatch) {
      case "block":
        throw detected(first === undefined ? doubt : told(first), findings);
      case "redact":
        if (first === undefined || doubt !== "") throw detected(doubt, findings);
        return await this.#redacted(request, inspection, waiter, findings, told(first));
      case "supervise": {
        const canary = open.find(isCanary);
        if (canary !== undefined) throw detected(told(canary), findings);
        await this.#released(this.#questions(open, doubt, request), findings, waiter);
        return passed;
      }
    }
  }

  /** The request without what was found. */
  async #redacted(
    request: OutboundRequest,
    inspection: Inspection,
    waiter: Waiter,
    findings: readonly FindingRecord[],
    found: string,
  ): Promise<ScreenedRequest> {
    const redaction = await this.#inspector.redact(request, inspection, waiter.gone);
    if ("refused" in redaction) {
      throw detected(`${found}; it cannot be taken out: ${redaction.refused}`, findings);
    }
    const { count, body, ...rest } = redaction;
    const { scan, body: seen } = await this.#inspect(
      {
        ...request,
        ...rest,
        body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
      },
      inspection,
      waiter,
    );
    const left = this.#openMatches(scan, request.host, inspection)[0];
    if (left !== undefined) throw detected(`${told(left)}; it cannot be taken out`, findings);
    if (scan.body !== undefined || scan.incomplete.length > 0) {
      throw detected(`${found}; what is left cannot be looked at`, findings);
    }
    return { ...request, ...rest, body: seen, findings, redacted: count };
  }

  /** Asks about everything that is open. @throws Refusal at the first no */
  async #released(
    questions: Iterable<Question>,
    findings: readonly FindingRecord[],
    waiter: Waiter,
  ): Promise<void> {
    for (const { reason, key, draft, lasting } of questions) {
      waiter.held(true);
      const answer = await this.#holds.ask(key, draft, lasting, waiter.gone());
      waiter.held(false);
      if (releases(answer)) continue;
      throw detected(`${reason}; ${outcome(answer)}`, findings, nextStep(answer));
    }
  }

  /** What has to be acted on: not hints, not what was approved, not what the host itself gave away. */
  #openMatches(
    { matches }: MessageScan,
    host: string,
    { strict, onMatch }: Inspection,
  ): PlacedMatch[] {
    const hintsCount = strict && onMatch === "supervise";
    return matches.filter((match) =>
      (hintsCount || match.severity !== "warn") && !this.#holds.isApproved(keyOf(host, match)) &&
      !(match.detector === "token_patterns" && this.issued.has(host, match.fingerprint))
    );
  }

  *#questions(
    open: readonly PlacedMatch[],
    doubt: string,
    request: OutboundRequest,
  ): Generator<Question> {
    const destination = {
      host: this.mask(request.host),
      method: this.mask(request.method),
      path: this.mask(request.path),
    };
    for (const match of open) {
      const key = keyOf(request.host, match);
      yield aboutValue(key, match, destination, this.mask(match.context));
    }
    if (doubt !== "") yield aboutDoubt(doubt, destination);
  }

  [Symbol.dispose](): void {
    this.#inspector[Symbol.dispose]();
  }
}

function detected(reason: string, findings: readonly FindingRecord[], next?: string): Refusal {
  const denial = { ...deny("detected", reason), findings };
  return new Refusal(next === undefined ? denial : { ...denial, next });
}

function isCanary({ detector }: PlacedMatch): boolean {
  return detector === "canary";
}
