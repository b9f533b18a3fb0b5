import { Buffer } from "node:buffer";
import type { Clock } from "../core/clock.ts";
import { authorityText, isHostProblem, parseHost } from "../core/host_name.ts";
import { type AnswerReader, onInjectionOf } from "./answer/answer_reader.ts";
import { acceptReadable, acceptScrubbable } from "./answer/content_coding.ts";
import { injectionEvent } from "./answer/injection_event.ts";
import {
  credentialField,
  type TokenLookup,
  withoutOverrides,
  withoutQueryCredentials,
} from "./credentials.ts";
import { decideRequest, type Permit } from "./decide.ts";
import { type Allowed, decisionEvent, type Tally } from "./decision_event.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { DecisionLog } from "./decision_log.ts";
import { type Denial, denialBody, denialHeaders, deny, isDenial } from "./denial.ts";
import { field, type HeaderField, withoutHopByHop } from "./header_list.ts";
import type { Body } from "./http1/body.ts";
import { ConnectionLost } from "./http1/byte_reader.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import type { ModelApiCheck } from "./model_api/model_api_check.ts";
import type { BodyMemory, MemoryShare } from "./outbound/body_memory.ts";
import type { FindingRecord } from "./outbound/finding_record.ts";
import type { Inspection } from "./outbound/inspection.ts";
import type { OutboundRequest, OutboundScreen } from "./outbound/screen.ts";
import type { EgressPolicy } from "./policy.ts";
import { denialOf, Refusal } from "./refusal.ts";
import { bufferStart, discard, lengthDenial, readWhole } from "./request_body.ts";
import { findRoute, type Route } from "./route_table.ts";
import type { SecretSet } from "./secret_mask.ts";
import type { OutgoingBody, UpstreamConnection, UpstreamResponse } from "./upstream_connection.ts";
import { IdleTime, type UpstreamPool } from "./upstream_pool.ts";
import { usageEvent } from "./usage/usage_event.ts";
import { UsageMeter } from "./usage/usage_meter.ts";
import { checkHandshakeAnswer, withoutExtensions } from "./websocket.ts";
import { runWebSocket } from "./websocket_exchange.ts";
import { inboundMessages, type InboundReading } from "./websocket_inbound.ts";
import { outboundMessages } from "./websocket_outbound.ts";

/** What every exchange uses. */
export interface ExchangeContext {
  readonly policy: () => EgressPolicy;
  readonly token: TokenLookup;
  readonly pool: UpstreamPool;
  readonly screen: OutboundScreen;
  readonly modelApis: ModelApiCheck;
  readonly answers: AnswerReader;
  /** For bodies that are read whole. */
  readonly bodies: BodyMemory;
  /** Whether the bottle has a supervise server. */
  readonly supervised: boolean;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Milliseconds without a byte in either direction after which an exchange is given up. */
  readonly idle: number;
  readonly log: DecisionLog;
  /** Exchanges that have not recorded how they ended. */
  readonly underWay: Set<Promise<void>>;
  /** Told of errors that are the proxy's own fault. */
  readonly onDefect: (error: unknown) => void;
}

/** Methods that may be sent again when a kept connection turns out to be closed (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "PUT",
  "DELETE",
  "PROPFIND",
  "REPORT",
]);

/** How long one side of a WebSocket may stay after the other has ended, in milliseconds. */
const CLOSING_TIME = 2_000;

/**
 * One request from decision to recorded answer. Nothing is resolved, dialled or sent before the decision, and
 * every way out records exactly one event.
 */
export async function exchange(
  context: ExchangeContext,
  request: InboundRequest,
  answer: Answer,
): Promise<void> {
  const run = new Exchange(context, request, answer).run();
  context.underWay.add(run);
  await run.finally(() => context.underWay.delete(run));
}

/** A request as it leaves, but for the credential of its route. */
interface Outgoing {
  /** Path and query. */
  readonly target: string;
  readonly headers: HeaderField[];
  readonly body: OutgoingBody;
}

class Exchange {
  readonly #context: ExchangeContext;
  readonly #request: InboundRequest;
  readonly #answer: Answer;
  readonly #policy: EgressPolicy;
  /** Of the upstream pool, under that policy. */
  readonly #generation: number;
  readonly #secure: boolean;
  readonly #tally: Tally;
  readonly #deadline: Deadline;
  #permit: Permit | undefined;
  #connection: UpstreamConnection | undefined;
  /** Status of the answer, once it has begun. */
  #status: number | undefined;
  #expired = false;
  #recorded = false;
  #leaving: AbortController | undefined;
  #share: MemoryShare | undefined;
  #meter: UsageMeter | undefined;
  #findings: readonly FindingRecord[] = [];
  /** Values that were taken out of the request. */
  #redacted = 0;
  /** Whether detectors looked at the request and saw nothing: its parts may be told as they are. */
  #isClean = false;

  constructor(context: ExchangeContext, request: InboundRequest, answer: Answer) {
    this.#context = context;
    this.#request = request;
    this.#answer = answer;
    this.#policy = context.policy();
    this.#generation = context.pool.generation;
    this.#secure = request.scheme === "https";
    this.#tally = { started: context.clock.monotonic(), bytesOut: 0, bytesIn: 0 };
    this.#deadline = { at: context.deadlines.after(context.idle), expire: () => this.#expire() };
  }

  async run(): Promise<void> {
    this.#context.deadlines.watch(this.#deadline);
    try {
      this.#permit = this.#decide();
      await this.#forward(this.#permit);
    } catch (error) {
      const denial = this.#expired
        ? deny("upstream_timeout", "nothing was sent or received for too long")
        : denialOf(error) ?? this.#defect(error);
      if (this.#status === undefined) {
        this.#record(denial);
        await this.#refuse(denial);
      } else {
        this.#record({ verdict: "allow", status: this.#status, incomplete: denial.reason });
        this.#answer.abort();
      }
    } finally {
      this.#context.deadlines.forget(this.#deadline);
      this.#share?.release();
      await this.#meter?.end(false);
    }
  }

  /** Ends whatever waits: the upstream that says nothing, or the client that does not read. */
  #expire(): void {
    this.#expired = true;
    this.#leaving?.abort(new ConnectionLost("nothing was sent for too long"));
    this.#connection?.destroy();
    if (this.#status !== undefined) this.#answer.abort();
  }

  #progress(): void {
    this.#deadline.at = this.#context.deadlines.after(this.#context.idle);
  }

  /** Fails closed, and says so without details that could hold a secret. */
  #defect(error: unknown): Denial {
    this.#context.onDefect(error);
    return deny("internal_error", "the proxy failed on this request");
  }

  #decide(): Permit {
    const decision = this.#request.refusal ?? decideRequest(this.#policy.table, this.#request);
    if (isDenial(decision)) throw new Refusal(decision);
    if (!this.#context.log.ready()) {
      throw new Refusal(
        deny("record_failed", "the event log cannot be written, so nothing is let through"),
      );
    }
    return decision;
  }

  async #forward(permit: Permit): Promise<void> {
    const { route } = permit;
    const credential = credentialField(route, this.#secure, this.#context.token);
    if (credential !== undefined && isDenial(credential)) throw new Refusal(credential);
    const inspection = this.#context.screen.inspectionOf(route);
    const isWhole = inspection !== undefined || route.modelApi !== undefined;
    const { target, headers, body } = isWhole
      ? await this.#whole(permit, inspection)
      : await this.#unseen(permit);
    this.#tally.bytesOut = body.length ?? body.prefix.length;
    // Last: the route's own credential is nothing that the agent sent, and nothing rewrites it.
    if (credential !== undefined) headers.push(credential);
    const { response, connection } = await this.#roundTrip(route, target, headers, body);
    this.#share?.release(); // the answer may take hours
    // Not before its head has come: until then the request may have to be sent once more.
    if (isWhole && connection.flushed) discard(body.prefix);
    try {
      if (response.head.status === 101) await this.#joinWebSocket(permit, response, connection);
      else await this.#relay(permit, response);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#context.pool.release(connection, this.#request.authority, this.#secure);
  }

  /** A request of a route without detectors: its body streams. */
  async #unseen({ route, target }: Permit): Promise<Outgoing> {
    if (this.#request.expectContinue) this.#answer.proceed();
    const body = this.#watched(await bufferStart(this.#request.body));
    return { target: target.path + target.query, headers: this.#outgoingHeaders(route), body };
  }

  /** A request that was looked at as a whole, and may leave. */
  async #whole({ route, target }: Permit, inspection: Inspection | undefined): Promise<Outgoing> {
    const { authority, method, body, expectContinue } = this.#request;
    const { bodies } = this.#context;
    const { maxBody } = route;
    const tooLong = lengthDenial(body, maxBody);
    if (tooLong !== undefined) throw new Refusal(tooLong);
    if (expectContinue) this.#answer.proceed();
    const { bytes, share } = await readWhole(body, {
      most: maxBody,
      memory: bodies,
      gone: () => this.#gone,
      progress: () => this.#progress(),
    });
    this.#share = share;
    const request: OutboundRequest = {
      host: authority.host.text,
      method,
      path: target.path,
      query: route.modelApi === undefined ? target.query : withoutQueryCredentials(target.query),
      headers: this.#outgoingHeaders(route),
      body: bytes,
    };
    await this.#checkModelApi(route, request);
    return inspection === undefined
      ? outgoing(request)
      : await this.#screened(route, request, inspection);
  }

  /** What goes to a model API asks for nothing on the provider's side that the route does not allow. */
  async #checkModelApi({ modelApi }: Route, request: OutboundRequest): Promise<void> {
    if (modelApi === undefined) return;
    await this.#context.modelApis.check(modelApi, request, () => this.#gone);
  }

  /** A request as detectors let it out: as it is, without what they found, or after the operator said yes. */
  async #screened(
    route: Route,
    request: OutboundRequest,
    inspection: Inspection,
  ): Promise<Outgoing> {
    let waited = false;
    const screened = await this.#context.screen.screen(request, inspection, {
      gone: () => this.#gone,
      held: (waits) => {
        waited = true;
        this.#progress();
        if (!waits) return;
        this.#share?.rest();
        this.#deadline.at = Infinity; // a person decides, who has a time limit of their own
        // Nobody waits for minutes with one half of a connection closed.
        this.#request.onLastByte?.(() => this.#leaving?.abort(new ConnectionLost("gone")));
      },
    });
    this.#findings = screened.findings;
    this.#redacted = screened.redacted;
    this.#isClean = screened.findings.length === 0;
    // What was taken out may have made it another request.
    if (screened.redacted > 0) await this.#checkModelApi(route, screened);
    if (waited || screened.path !== request.path) this.#decideAgain(screened);
    return outgoing(screened);
  }

  /** After a wait the rules may have changed, and the client may be gone; after a redaction the path is another one. */
  #decideAgain({ path, query }: OutboundRequest): void {
    this.#gone.throwIfAborted();
    const { table } = this.#context.policy();
    const decision = decideRequest(table, { ...this.#request, target: path + query });
    if (isDenial(decision)) throw new Refusal(decision);
  }

  /** Aborted when the client goes away or nothing moves for too long, while no upstream is waited for. */
  get #gone(): AbortSignal {
    if (this.#leaving === undefined) {
      const leaving = new AbortController();
      this.#leaving = leaving;
      this.#answer.onGone(() => leaving.abort(new ConnectionLost("the client is gone")));
    }
    return this.#leaving.signal;
  }

  /** What the agent sent, without what belongs to its connection, under the one authority that was verified. */
  #outgoingHeaders(route: Route): HeaderField[] {
    const { headers, authority, webSocket } = this.#request;
    let kept = withoutHopByHop(headers)
      .filter(({ name }) => name !== "host" && name !== "content-length" && name !== "expect");
    if (webSocket) kept = withoutExtensions(kept);
    if (route.auth !== undefined) kept = acceptScrubbable(kept);
    else if (onInjectionOf(route.document) !== "ignore" || route.document.model_api !== undefined) {
      kept = acceptReadable(kept);
    }
    const host = field("Host", authorityText(authority, this.#secure ? 443 : 80));
    return withoutOverrides([host, ...kept], route);
  }

  /** A body whose every piece counts as progress. */
  #watched(body: OutgoingBody): OutgoingBody {
    const { rest } = body;
    if (rest === null) return body;
    const read = () => {
      this.#progress();
      return rest.read();
    };
    return {
      ...body,
      rest: {
        length: rest.length,
        get done() {
          return rest.done;
        },
        read,
      },
    };
  }

  /** Sends the request; once more on a new connection when a kept one turns out to be closed. */
  async #roundTrip(
    route: Route,
    target: string,
    headers: readonly HeaderField[],
    body: OutgoingBody,
  ): Promise<{ response: UpstreamResponse; connection: UpstreamConnection }> {
    const { method, authority, webSocket } = this.#request;
    const repeatable = IDEMPOTENT.has(method) && body.rest === null && !webSocket;
    let idleTime: number = webSocket || body.rest !== null
      ? IdleTime.none
      : repeatable
      ? IdleTime.long
      : IdleTime.short;
    for (;;) {
      const connection = await this.#context.pool.acquire(
        authority,
        route,
        this.#secure,
        idleTime,
        this.#generation,
      );
      this.#connection = connection;
      this.#answer.onGone(() => connection.destroy());
      this.#progress();
      try {
        const response = await connection.send({
          method,
          target,
          headers,
          body,
          ...(webSocket ? { upgrade: "websocket" } : {}),
        });
        return { response, connection };
      } catch (error) {
        connection.destroy();
        const closedWhileIdle = error instanceof ConnectionLost && connection.uses > 1;
        if (!closedWhileIdle || !repeatable) throw error;
        idleTime = IdleTime.none;
      }
    }
  }

  /** Passes the answer on as it arrives, without the credential that was added and without invisible text. */
  async #relay({ route, target }: Permit, response: UpstreamResponse): Promise<void> {
    const { status } = response.head;
    const { headers, body: clean } = await this.#context.answers.read({
      status,
      headers: response.head.headers,
      body: response.body,
      bodiless: this.#isBodiless(response),
    }, {
      secrets: this.#secretsOf(route),
      ...this.#injectionReading({ route, target }),
    });
    const { method } = this.#request;
    const body = this.#metering(route)?.listen({ method, status, headers, body: clean }) ?? clean;
    const issued = this.#context.screen.observe(
      route,
      this.#request.authority.host.text,
      headers,
      this.#answerLength(response, body),
      (host) => this.#isAllowed(host),
    );
    const answer = this.#answer;
    answer.start(
      status,
      withoutHopByHop(headers).filter(({ name }) => name !== "x-bot-bottle-denied"), // only ours may say that
      this.#answerLength(response, body),
    );
    this.#status = status;
    const done: Allowed = { verdict: "allow", status };
    for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) {
      this.#tally.bytesIn += bytes.length;
      issued?.push(bytes);
      // Before the last byte, where it can be told: what was answered in full is in the log, whatever comes next.
      if (body.done) {
        issued?.end();
        this.#record(done);
      }
      const wait = answer.write(bytes);
      if (wait !== undefined) await wait;
      this.#progress();
    }
    issued?.end();
    this.#record(done);
    await answer.end();
  }

  /** What is done with signs of injection in what the upstream says. */
  #injectionReading({ route, target }: Permit): InboundReading {
    return {
      onInjection: onInjectionOf(route.document),
      onFindings: (findings) => {
        this.#context.screen.strict.tighten(route.label);
        if (this.#policy.log === 0) return;
        const place = { host: this.#request.authority.host.text, path: target.path };
        const mask = (text: string) => this.#context.screen.mask(this.#policy.maskSecrets(text));
        this.#context.log.append(injectionEvent(place, route.label, findings, mask));
      },
    };
  }

  /** What counts the tokens of a model's answer, whatever the log's level: budgets stand on it; undefined elsewhere. */
  #metering({ document, label }: Route): UsageMeter | undefined {
    if (document.model_api === undefined) return undefined;
    const mask = (text: string) => this.#context.screen.mask(this.#policy.maskSecrets(text));
    const host = this.#request.authority.host.text;
    this.#meter = new UsageMeter(
      document.model_api.kind,
      (usage) => this.#context.log.append(usageEvent(host, label, usage, mask)),
    );
    return this.#meter;
  }

  #isAllowed(name: string): boolean {
    const host = parseHost(name);
    return !isHostProblem(host) && findRoute(this.#policy.table, host) !== undefined;
  }

  /** A HEAD or 304 answer has no body but may tell the length that one would have. */
  #answerLength(response: UpstreamResponse, body: Body): number | null {
    return this.#isBodiless(response) ? 0 : body.length;
  }

  #isBodiless({ head }: UpstreamResponse): boolean {
    return this.#request.method === "HEAD" || head.status === 204 || head.status === 304;
  }

  async #joinWebSocket(
    { route, target }: Permit,
    { head }: UpstreamResponse,
    connection: UpstreamConnection,
  ): Promise<void> {
    checkHandshakeAnswer(this.#request.headers, head.headers);
    this.#status = 101;
    this.#deadline.at = Infinity; // a WebSocket may be silent for as long as it likes
    const host = this.#request.authority.host.text;
    const client = this.#request.takeOver!();
    this.#record({ verdict: "allow", status: 101 }); // when it opens: it may last for days
    const inbound = inboundMessages(
      () => this.#context.answers.prepare(),
      this.#injectionReading({ route, target }),
    );
    await runWebSocket({
      ...(inbound === undefined ? {} : { inbound }),
      client,
      upstream: connection.detach(),
      answer: head.headers,
      secrets: this.#secretsOf(route),
      outbound: outboundMessages(
        this.#context.screen,
        { host, method: this.#request.method, path: target.path },
        () => this.#context.screen.inspectionOf(route),
        () => {}, // a WebSocket has no deadline
      ),
      onEnding: () => this.#deadline.at = this.#context.deadlines.after(CLOSING_TIME),
      log: this.#policy.log,
      record: (event) => this.#context.log.append(event),
      host,
    });
  }

  #secretsOf(route: Route): SecretSet | undefined {
    return this.#secure ? this.#policy.secretsOf(route) : undefined;
  }

  async #refuse(denial: Denial): Promise<void> {
    const { screen } = this.#context;
    const told = { ...denial, reason: screen.mask(denial.reason) };
    const body = Buffer.from(denialBody(
      told,
      screen.mask(this.#request.authority.host.text),
      this.#context.supervised,
    ));
    this.#status = denial.status;
    this.#progress();
    this.#context.deadlines.watch(this.#deadline); // again, if it has expired: the client may not read the refusal
    this.#answer.start(
      denial.status,
      denialHeaders(denial),
      this.#request.method === "HEAD" ? 0 : body.length,
    );
    if (this.#request.method !== "HEAD") await this.#answer.write(body);
    await this.#answer.end();
  }

  #record(outcome: Denial | Allowed): void {
    const { log, maskSecrets } = this.#policy;
    if (this.#recorded) return;
    this.#recorded = true;
    const noted = isDenial(outcome)
      ? outcome
      : { ...outcome, findings: this.#findings, redacted: this.#redacted };
    const isPlain = !isDenial(outcome) && this.#findings.length === 0;
    if (log === 0 || (log === 1 && isPlain)) return;
    const { authority, scheme, method, target } = this.#request;
    const rule = this.#permit?.route.label;
    const { screen } = this.#context;
    this.#context.log.append(decisionEvent(
      {
        host: authority.host.text,
        port: authority.port,
        scheme,
        method,
        target: this.#permit?.target.path ?? target,
      },
      noted,
      this.#tally,
      this.#context.clock.monotonic(),
      rule,
      this.#isClean ? maskSecrets : (text) => screen.mask(maskSecrets(text)),
    ));
  }
}

function outgoing({ path, query, headers, body }: OutboundRequest): Outgoing {
  return {
    target: path + query,
    headers: [...headers],
    body: { length: body.length, prefix: body, rest: null },
  };
}
