import { ConnectionLost } from "./http1/byte_reader.ts";
import type { ExchangeLife } from "./exchange_life.ts";
import type { InboundRequest } from "./inbound.ts";
import type { OutgoingRequest } from "./outgoing_request.ts";
import type { Route } from "./route_table.ts";
import type { UpstreamConnection, UpstreamResponse } from "./upstream_connection.ts";
import { IdleTime, type UpstreamPool } from "./upstream_pool.ts";

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

/** Where a request goes. */
export interface RoundTripScene {
  readonly request: InboundRequest;
  readonly route: Route;
  readonly pool: UpstreamPool;
  /** Of the pool, under the policy that the exchange began with. */
  readonly generation: number;
  readonly life: ExchangeLife;
}

/** The head of an answer, and the connection that its body comes on. */
export interface RoundTrip {
  readonly response: UpstreamResponse;
  readonly connection: UpstreamConnection;
}

/**
 * Sends a request and waits for the head of its answer; once more on a new connection when a kept one turns out to be
 * closed.
 *
 * @throws DialError, ConnectionLost, HttpSyntaxError or RequestBodyFailed.
 */
export async function roundTrip(
  { request, route, pool, generation, life }: RoundTripScene,
  { target, headers, body }: OutgoingRequest,
): Promise<RoundTrip> {
  const { method, authority, scheme, webSocket } = request;
  const repeatable = IDEMPOTENT.has(method) && body.rest === null && !webSocket;
  let idleTime: number = webSocket || body.rest !== null
    ? IdleTime.none
    : repeatable
    ? IdleTime.long
    : IdleTime.short;
  for (;;) {
    const connection = await pool.acquire(
      authority,
      route,
      scheme === "https",
      idleTime,
      generation,
    );
    life.waitFor(connection);
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
