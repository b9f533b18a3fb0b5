import type { EventFields } from "../core/event.ts";
import { printable } from "./denial.ts";
import type { HeaderList } from "./header_list.ts";
import type { SecretSet } from "./secret_mask.ts";
import type { Peer } from "./upstream_connection.ts";
import { switchingProtocols } from "./websocket.ts";
import { MessageMask } from "./websocket_mask.ts";
import { type MessageInspector, relayWebSocket } from "./websocket_relay.ts";

/** A WebSocket that both sides agreed to. */
export interface OpenWebSocket {
  readonly client: Peer;
  readonly upstream: Peer;
  /** Headers of the upstream's 101 answer, checked. */
  readonly answer: HeaderList;
  /** What was added to the handshake and must not come back. */
  readonly secrets: SecretSet | undefined;
  /** Looks at what the bottle sends. */
  readonly outbound?: MessageInspector;
  /** Looks at what the upstream sends, after its secrets are masked. */
  readonly inbound?: MessageInspector;
  readonly host: string;
  /** Told that one side has ended and the other has been asked to. */
  readonly onEnding: () => void;
  /** 0 off, 1 denials, 2 everything. */
  readonly log: 0 | 1 | 2;
  readonly record: (event: EventFields) => void;
}

/** Answers the handshake and passes messages until either side ends; records what passed and what did not. */
export async function runWebSocket(open: OpenWebSocket): Promise<void> {
  const { client, upstream, answer, secrets, outbound, host, onEnding, log, record } = open;
  client.socket.write(switchingProtocols(answer, secrets));
  const inbound = withoutSecrets(secrets, open.inbound);
  const { bytesIn, bytesOut } = await relayWebSocket(client, upstream, {
    ...(outbound === undefined ? {} : { out: outbound }),
    ...(inbound === undefined ? {} : { in: inbound }),
  }, {
    ending: onEnding,
    denied(direction, { code, reason }) {
      if (log === 0) return;
      record({ type: "websocket_denied", host, direction, code, reason: printable(reason) });
    },
  });
  if (log >= 2) {
    record({ type: "websocket_closed", host, bytes_out: bytesOut, bytes_in: bytesIn });
  }
}

function withoutSecrets(
  secrets: SecretSet | undefined,
  next: MessageInspector | undefined,
): MessageInspector | undefined {
  if (secrets === undefined) return next;
  const mask = new MessageMask(secrets);
  return {
    inspect(message, gone) {
      const payload = mask.mask(message.payload);
      return next === undefined ? payload : next.inspect({ ...message, payload }, gone);
    },
  };
}
