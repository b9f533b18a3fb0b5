import type { EventFields } from "../core/event.ts";
import type { HeaderList } from "./header_list.ts";
import type { SecretSet } from "./secret_mask.ts";
import type { Peer } from "./upstream_connection.ts";
import { joinWebSocket, switchingProtocols } from "./websocket.ts";

/** A WebSocket that both sides agreed to. */
export interface OpenWebSocket {
  readonly client: Peer;
  readonly upstream: Peer;
  /** Headers of the upstream's 101 answer, checked. */
  readonly answer: HeaderList;
  /** What was added to the handshake and must not come back. */
  readonly secrets: SecretSet | undefined;
  readonly host: string;
  /** Told that one side has ended and the other has been asked to. */
  readonly onEnding: () => void;
  readonly record: (event: EventFields) => void;
}

/** Answers the handshake and passes messages until either side ends; records what passed. */
export async function runWebSocket(open: OpenWebSocket): Promise<void> {
  const { client, upstream, answer, secrets, host, onEnding, record } = open;
  client.socket.write(switchingProtocols(answer, secrets));
  const { bytesIn, bytesOut } = await joinWebSocket(client, upstream, secrets, onEnding);
  record({ type: "websocket_closed", host, bytes_out: bytesOut, bytes_in: bytesIn });
}
