import { isHostProblem, parseHost } from "../core/host_name.ts";
import { onInjectionOf } from "./answer/answer_reader.ts";
import type { Permit } from "./decide.ts";
import type { Allowed } from "./decision_event.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import type { ExchangeLife } from "./exchange_life.ts";
import type { ExchangeRecord } from "./exchange_record.ts";
import { withoutHopByHop } from "./header_list.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import type { EgressPolicy } from "./policy.ts";
import { findRoute, type Route } from "./route_table.ts";
import type { SecretSet } from "./secret_mask.ts";
import type { UpstreamResponse } from "./upstream_connection.ts";
import type { InboundReading } from "./websocket_inbound.ts";

/** The exchange that an answer belongs to. */
export interface AnswerScene {
  readonly context: ExchangeContext;
  /** That the exchange began under. */
  readonly policy: EgressPolicy;
  readonly request: InboundRequest;
  readonly permit: Permit;
  readonly answer: Answer;
  readonly life: ExchangeLife;
  readonly record: ExchangeRecord;
}

/**
 * Passes an answer on as it arrives, without the credential that was added and without invisible text.
 *
 * @throws Refusal before the answer has begun, where the route blocks what it says; HttpSyntaxError or ConnectionLost.
 */
export async function relayAnswer(scene: AnswerScene, response: UpstreamResponse): Promise<void> {
  const { context, request, permit, answer, life, record } = scene;
  const { route } = permit;
  const { status } = response.head;
  const { headers, body: clean } = await context.answers.read({
    status,
    headers: response.head.headers,
    body: response.body,
    bodiless: isBodiless(request, response),
  }, {
    secrets: secretsOf(scene, route),
    ...injectionReading(scene),
  });
  const body = record.metered(permit, { method: request.method, status, headers, body: clean });
  // A HEAD or 304 answer has no body but may tell the length that one would have.
  const length = isBodiless(request, response) ? 0 : body.length;
  const issued = context.screen.observe(
    route,
    request.authority.host.text,
    headers,
    length,
    (host) => isAllowed(scene.policy, host),
  );
  answer.start(
    status,
    withoutHopByHop(headers).filter(({ name }) => name !== "x-bot-bottle-denied"), // only ours may say that
    length,
  );
  life.begin(status);
  const done: Allowed = { verdict: "allow", status };
  for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) {
    record.tally.bytesIn += bytes.length;
    issued?.push(bytes);
    // Before the last byte, where it can be told: what was answered in full is in the log, whatever comes next.
    if (body.done) {
      issued?.end();
      record.decided(done);
    }
    const wait = answer.write(bytes);
    if (wait !== undefined) await wait;
    life.progress();
  }
  issued?.end();
  record.decided(done);
  await answer.end();
}

/** What is done with signs of injection in what the upstream says. */
export function injectionReading({ context, permit, record }: AnswerScene): InboundReading {
  const { route } = permit;
  return {
    onInjection: onInjectionOf(route.document),
    onFindings: (findings) => {
      context.screen.strict.tighten(route.label);
      record.injection(permit, findings);
    },
  };
}

/** What must not come back of what was added to the request. */
export function secretsOf({ policy, request }: AnswerScene, route: Route): SecretSet | undefined {
  return request.scheme === "https" ? policy.secretsOf(route) : undefined;
}

function isBodiless({ method }: InboundRequest, { head }: UpstreamResponse): boolean {
  return method === "HEAD" || head.status === 204 || head.status === 304;
}

function isAllowed({ table }: EgressPolicy, name: string): boolean {
  const host = parseHost(name);
  return !isHostProblem(host) && findRoute(table, host) !== undefined;
}
