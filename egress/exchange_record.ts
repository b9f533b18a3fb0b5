import type { EventFields } from "../core/event.ts";
import type { InjectionFinding } from "../dlp/injection/finding.ts";
import { injectionEvent } from "./answer/injection_event.ts";
import type { Permit } from "./decide.ts";
import { type Allowed, decisionEvent, type Tally } from "./decision_event.ts";
import { type Denial, isDenial } from "./denial.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import type { Body } from "./http1/body.ts";
import type { InboundRequest } from "./inbound.ts";
import { usesTokens } from "./model_api/endpoint.ts";
import type { FindingRecord } from "./outbound/finding_record.ts";
import type { EgressPolicy } from "./policy.ts";
import { unknownUsage, type Usage } from "./usage/usage.ts";
import { usageEvent } from "./usage/usage_event.ts";
import { type MeteredAnswer, UsageMeter } from "./usage/usage_meter.ts";

/** What detectors noted on a request that may leave. */
export interface RequestFindings {
  readonly findings: readonly FindingRecord[];
  /** Values that were taken out. */
  readonly redacted: number;
}

/** What the log says of one exchange: its decision once, and what was seen in its answer. */
export class ExchangeRecord {
  readonly #context: Pick<ExchangeContext, "log" | "screen" | "clock">;
  readonly #policy: EgressPolicy;
  readonly #request: InboundRequest;
  readonly #mask = (text: string): string =>
    this.#context.screen.mask(this.#policy.maskSecrets(text));
  /** What the steps of the exchange count. */
  readonly tally: Tally;
  #permit: Permit | undefined;
  #looked: RequestFindings = { findings: [], redacted: 0 };
  /** Whether detectors looked at the request and saw nothing: its parts may be told as they are. */
  #isClean = false;
  #decided = false;
  #meter: UsageMeter | undefined;

  /** @param policy that the exchange began under. */
  constructor(
    context: Pick<ExchangeContext, "log" | "screen" | "clock">,
    policy: EgressPolicy,
    request: InboundRequest,
  ) {
    this.#context = context;
    this.#policy = policy;
    this.#request = request;
    this.tally = { started: context.clock.monotonic(), bytesOut: 0, bytesIn: 0 };
  }

  /** A route lets the request through. */
  permitted(permit: Permit): void {
    this.#permit = permit;
  }

  /** Detectors looked at the request. */
  looked(looked: RequestFindings): void {
    this.#looked = looked;
    this.#isClean = looked.findings.length === 0;
  }

  /** The decision's one event; later calls change nothing. */
  decided(outcome: Denial | Allowed): void {
    const { log, maskSecrets } = this.#policy;
    if (this.#decided) return;
    this.#decided = true;
    const { findings, redacted } = this.#looked;
    const isPlain = !isDenial(outcome) && findings.length === 0;
    if (log === 0 || (log === 1 && isPlain)) return;
    const { authority, scheme, method, target } = this.#request;
    this.#context.log.append(decisionEvent(
      {
        host: authority.host.text,
        port: authority.port,
        scheme,
        method,
        target: this.#permit?.target.path ?? target,
      },
      isDenial(outcome) ? outcome : { ...outcome, findings, redacted },
      this.tally,
      this.#context.clock.monotonic(),
      this.#permit?.route.label,
      this.#isClean ? maskSecrets : this.#mask,
    ));
  }

  /** The answer showed signs of injection. */
  injection({ route, target }: Permit, findings: readonly InjectionFinding[]): void {
    if (this.#policy.log === 0) return;
    const place = { host: this.#request.authority.host.text, path: target.path };
    this.#context.log.append(injectionEvent(place, route.label, findings, this.#mask));
  }

  /**
   * The body of an answer, whose tokens are counted where it is a model's, whatever the log's level: budgets stand on
   * it. {@linkcode end} tells what was counted of one that does not end by itself.
   */
  metered({ route, target }: Permit, answer: MeteredAnswer): Body {
    const { modelApi, label } = route;
    if (modelApi === undefined) return answer.body;
    this.#meter = new UsageMeter(
      modelApi.kind,
      usesTokens(modelApi, answer.method, target.path),
      (usage) => this.#used(label, usage),
    );
    return this.#meter.listen(answer);
  }

  /** The client left, or nothing came for too long, after the request was sent: what it used is not known. */
  unanswered({ route, target }: Permit): void {
    const { modelApi, label } = route;
    if (modelApi === undefined || this.#meter !== undefined) return;
    if (!usesTokens(modelApi, this.#request.method, target.path)) return;
    this.#used(label, unknownUsage(modelApi.kind));
  }

  #used(rule: string, usage: Usage): void {
    const host = this.#request.authority.host.text;
    this.#context.log.append(usageEvent(host, rule, usage, this.#mask));
  }

  /** An event of an open WebSocket. */
  webSocket(event: EventFields): void {
    this.#context.log.append(event);
  }

  /** Nothing more comes. */
  async end(): Promise<void> {
    await this.#meter?.end(false);
  }
}
