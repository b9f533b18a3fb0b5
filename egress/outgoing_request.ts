import { authorityText } from "../core/host_name.ts";
import { onInjectionOf } from "./answer/answer_reader.ts";
import { acceptReadable, acceptScrubbable } from "./answer/content_coding.ts";
import { credentialField, withoutOverrides, withoutQueryCredentials } from "./credentials.ts";
import { decideRequest, type Permit } from "./decide.ts";
import { isDenial } from "./denial.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import type { ExchangeLife } from "./exchange_life.ts";
import type { ExchangeRecord } from "./exchange_record.ts";
import { field, type HeaderField, withoutHopByHop } from "./header_list.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import type { MemoryShare } from "./outbound/body_memory.ts";
import type { Inspection } from "./outbound/inspection.ts";
import type { OutboundRequest } from "./outbound/screen.ts";
import { Refusal } from "./refusal.ts";
import { bufferStart, discard, lengthDenial, readWhole } from "./request_body.ts";
import type { Route } from "./route_table.ts";
import type { OutgoingBody } from "./upstream_connection.ts";
import { withoutExtensions } from "./websocket.ts";

/** A request as it goes upstream. */
export interface OutgoingRequest {
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly HeaderField[];
  readonly body: OutgoingBody;
}

/** The exchange that a request is made ready in. */
export interface RequestScene {
  readonly context: ExchangeContext;
  readonly request: InboundRequest;
  readonly answer: Answer;
  readonly life: ExchangeLife;
  readonly record: ExchangeRecord;
}

/**
 * Makes one request ready to leave: reads its body, looks at the whole where its route has detectors or leads to a model
 * API, and adds the route's credential last.
 */
export class RequestPreparation {
  readonly #scene: RequestScene;
  readonly #secure: boolean;
  #isWhole = false;
  #share: MemoryShare | undefined;

  constructor(scene: RequestScene) {
    this.#scene = scene;
    this.#secure = scene.request.scheme === "https";
  }

  /** @throws Refusal, RequestBodyFailed or ConnectionLost. */
  async prepare(permit: Permit): Promise<OutgoingRequest> {
    const { route } = permit;
    const { context, record } = this.#scene;
    const credential = credentialField(route, this.#secure, context.token);
    if (credential !== undefined && isDenial(credential)) throw new Refusal(credential);
    const inspection = context.screen.inspectionOf(route);
    this.#isWhole = inspection !== undefined || route.modelApi !== undefined;
    const { target, headers, body } = this.#isWhole
      ? await this.#whole(permit, inspection)
      : await this.#unseen(permit);
    record.tally.bytesOut = body.length ?? body.prefix.length;
    // Last: the route's own credential is nothing that the agent sent, and nothing rewrites it.
    return { target, headers: credential === undefined ? headers : [...headers, credential], body };
  }

  /** The request was sent: it needs no share of the memory any more. The answer may take hours. */
  release(): void {
    this.#share?.release();
  }

  /** The head of the answer has come, until which the request may have had to be sent once more. */
  discard({ body }: OutgoingRequest): void {
    if (this.#isWhole) discard(body.prefix);
  }

  /** A request of a route without detectors: its body streams. */
  async #unseen({ route, target }: Permit): Promise<OutgoingRequest> {
    const { request, answer } = this.#scene;
    if (request.expectContinue) answer.proceed();
    const body = this.#watched(await bufferStart(request.body));
    return {
      target: target.path + withoutQueryCredentials(target.query, route),
      headers: this.#headers(route),
      body,
    };
  }

  /** A request that was looked at as a whole, and may leave. */
  async #whole(
    { route, target }: Permit,
    inspection: Inspection | undefined,
  ): Promise<OutgoingRequest> {
    const { context, answer, life } = this.#scene;
    const { authority, method, body, expectContinue } = this.#scene.request;
    const { maxBody } = route;
    const tooLong = lengthDenial(body, maxBody);
    if (tooLong !== undefined) throw new Refusal(tooLong);
    if (expectContinue) answer.proceed();
    const { bytes, share } = await readWhole(body, {
      most: maxBody,
      memory: context.bodies,
      gone: () => life.gone,
      progress: () => life.progress(),
    });
    this.#share = share;
    const request: OutboundRequest = {
      host: authority.host.text,
      method,
      path: target.path,
      query: withoutQueryCredentials(target.query, route),
      headers: this.#headers(route),
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
    const { context, life } = this.#scene;
    await context.modelApis.check(modelApi, request, () => life.gone);
  }

  /** A request as detectors let it out: as it is, without what they found, or after the operator said yes. */
  async #screened(
    route: Route,
    request: OutboundRequest,
    inspection: Inspection,
  ): Promise<OutgoingRequest> {
    const { context, life, record } = this.#scene;
    let waited = false;
    const screened = await context.screen.screen(request, inspection, {
      gone: () => life.gone,
      held: (waits) => {
        waited = true;
        life.progress();
        if (!waits) return;
        this.#share?.rest();
        life.rest(); // a person decides, who has a time limit of their own
        // Nobody waits for minutes with one half of a connection closed.
        this.#scene.request.onLastByte?.(() => life.leave());
      },
    });
    record.looked(screened);
    // What was taken out may have made it another request.
    if (screened.redacted > 0) await this.#checkModelApi(route, screened);
    if (waited || screened.path !== request.path) this.#decideAgain(screened);
    return outgoing(screened);
  }

  /** After a wait the rules may have changed, and the client may be gone; after a redaction the path is another one. */
  #decideAgain({ path, query }: OutboundRequest): void {
    const { context, request, life } = this.#scene;
    life.gone.throwIfAborted();
    const { table } = context.policy();
    const decision = decideRequest(table, { ...request, target: path + query });
    if (isDenial(decision)) throw new Refusal(decision);
  }

  /** What the agent sent, without what belongs to its connection, under the one authority that was verified. */
  #headers(route: Route): HeaderField[] {
    const { headers, authority, webSocket } = this.#scene.request;
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
    const { life } = this.#scene;
    return {
      ...body,
      rest: {
        length: rest.length,
        get done() {
          return rest.done;
        },
        read() {
          life.progress();
          return rest.read();
        },
      },
    };
  }
}

function outgoing({ path, query, headers, body }: OutboundRequest): OutgoingRequest {
  return {
    target: path + query,
    headers,
    body: { length: body.length, prefix: body, rest: null },
  };
}
