import { Buffer } from "node:buffer";
import { type AnswerScene, relayAnswer } from "./answer_relay.ts";
import { decideRequest, type Permit } from "./decide.ts";
import { type Denial, denialBody, denialHeaders, deny, isDenial } from "./denial.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import { ExchangeLife } from "./exchange_life.ts";
import { ExchangeRecord } from "./exchange_record.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import { RequestPreparation } from "./outgoing_request.ts";
import type { EgressPolicy } from "./policy.ts";
import { denialOf, Refusal } from "./refusal.ts";
import { roundTrip } from "./round_trip.ts";
import { joinWebSocket } from "./websocket_join.ts";

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

/**
 * The steps of one exchange, in their order. What happens in each stands elsewhere: `decide.ts`, `outgoing_request.ts`,
 * `round_trip.ts`, `answer_relay.ts` or `websocket_join.ts`, `exchange_record.ts`; how long it may take in
 * `exchange_life.ts`.
 */
class Exchange {
  readonly #context: ExchangeContext;
  readonly #request: InboundRequest;
  readonly #answer: Answer;
  readonly #policy: EgressPolicy;
  /** Of the upstream pool, under that policy. */
  readonly #generation: number;
  readonly #life: ExchangeLife;
  readonly #record: ExchangeRecord;
  readonly #preparation: RequestPreparation;

  constructor(context: ExchangeContext, request: InboundRequest, answer: Answer) {
    const { deadlines, idle } = context;
    this.#context = context;
    this.#request = request;
    this.#answer = answer;
    this.#policy = context.policy();
    this.#generation = context.pool.generation;
    this.#life = new ExchangeLife({ answer, deadlines, idle });
    this.#record = new ExchangeRecord(context, this.#policy, request);
    this.#preparation = new RequestPreparation({
      context,
      request,
      answer,
      life: this.#life,
      record: this.#record,
    });
  }

  async run(): Promise<void> {
    const life = this.#life;
    try {
      const permit = this.#decide();
      this.#record.permitted(permit);
      await this.#forward(permit).catch((error) => {
        if (life.abandoned) this.#record.unanswered(permit);
        throw error;
      });
    } catch (error) {
      const denial = life.expired
        ? deny("upstream_timeout", "nothing was sent or received for too long")
        : denialOf(error) ?? this.#defect(error);
      if (life.status === undefined) {
        this.#record.decided(denial);
        await this.#refuse(denial);
      } else {
        this.#record.decided({
          verdict: "allow",
          status: life.status,
          incomplete: denial.reason,
        });
        this.#answer.abort();
      }
    } finally {
      life.end();
      this.#preparation.release();
      await this.#record.end();
    }
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
    const { pool } = this.#context;
    const request = this.#request;
    const outgoing = await this.#preparation.prepare(permit);
    const { response, connection } = await roundTrip({
      request,
      route: permit.route,
      pool,
      generation: this.#generation,
      life: this.#life,
    }, outgoing);
    this.#preparation.release();
    if (connection.flushed) this.#preparation.discard(outgoing);
    const scene: AnswerScene = {
      context: this.#context,
      policy: this.#policy,
      request,
      permit,
      answer: this.#answer,
      life: this.#life,
      record: this.#record,
    };
    try {
      if (response.head.status === 101) await joinWebSocket(scene, response, connection);
      else await relayAnswer(scene, response);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    pool.release(connection, request.authority, request.scheme === "https");
  }

  /** Fails closed, and says so without details that could hold a secret. */
  #defect(error: unknown): Denial {
    this.#context.onDefect(error);
    return deny("internal_error", "the proxy failed on this request");
  }

  async #refuse(denial: Denial): Promise<void> {
    const { screen } = this.#context;
    const told = { ...denial, reason: screen.mask(denial.reason) };
    const body = Buffer.from(denialBody(
      told,
      screen.mask(this.#request.authority.host.text),
      this.#context.supervised,
    ));
    const hasBody = this.#request.method !== "HEAD";
    this.#life.beginRefusal(denial.status);
    this.#answer.start(denial.status, denialHeaders(denial), hasBody ? body.length : 0);
    if (hasBody) await this.#answer.write(body);
    await this.#answer.end();
  }
}
