import { type AnswerScene, injectionReading, secretsOf } from "./answer_relay.ts";
import type { UpstreamConnection, UpstreamResponse } from "./upstream_connection.ts";
import { checkHandshakeAnswer } from "./websocket.ts";
import { runWebSocket } from "./websocket_exchange.ts";
import { inboundMessages } from "./websocket_inbound.ts";
import { outboundMessages } from "./websocket_outbound.ts";

/** How long one side of a WebSocket may stay after the other has ended, in milliseconds. */
const CLOSING_TIME = 2_000;

/**
 * Joins the client and the upstream after both agreed to a WebSocket, until either ends.
 *
 * @throws HttpSyntaxError when the upstream's handshake is not valid.
 */
export async function joinWebSocket(
  scene: AnswerScene,
  { head }: UpstreamResponse,
  connection: UpstreamConnection,
): Promise<void> {
  const { context, policy, request, permit: { route, target }, life, record } = scene;
  checkHandshakeAnswer(request.headers, head.headers);
  life.begin(101);
  life.rest(); // a WebSocket may be silent for as long as it likes
  const host = request.authority.host.text;
  const client = request.takeOver!();
  record.decided({ verdict: "allow", status: 101 }); // when it opens: it may last for days
  const inbound = inboundMessages(() => context.answers.prepare(), injectionReading(scene));
  await runWebSocket({
    ...(inbound === undefined ? {} : { inbound }),
    client,
    upstream: connection.detach(),
    answer: head.headers,
    secrets: secretsOf(scene, route),
    outbound: outboundMessages(
      context.screen,
      { host, method: request.method, path: target.path },
      () => context.screen.inspectionOf(route),
      () => {}, // a WebSocket has no deadline
    ),
    onEnding: () => life.close(CLOSING_TIME),
    log: policy.log,
    record: (event) => record.webSocket(event),
    host,
  });
}
