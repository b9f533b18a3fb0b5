import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Authority } from "../core/host_name.ts";
import { authorityMismatch } from "./decide.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import type { Denial } from "./denial.ts";
import { exchange } from "./exchange.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import { headerValues } from "./header_list.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import { type ByteReader, ConnectionLost } from "./http1/byte_reader.ts";
import type { RequestHead } from "./http1/message_head.ts";
import {
  type ConnectionTimeouts,
  headRefusal,
  type RequestParts,
  serveHttp1,
} from "./http1/server_connection.ts";

/** First byte of a TLS record with a handshake (RFC 8446 section 5.1); no request begins with it. */
const HANDSHAKE = 0x16;
const FIRST_BYTE_TIME = 15_000;

/** What plain http in a tunnel uses besides the exchange's own. */
export interface PlainTunnelContext {
  readonly exchange: ExchangeContext;
  readonly timeouts: ConnectionTimeouts;
  readonly deadlines: Deadlines;
  readonly draining: () => boolean;
  /** Records what ended a tunnel before there was a request. */
  readonly refused: (authority: Authority, denial: Denial) => void;
}

/**
 * Whether a tunnel begins as TLS does; the bytes stay to be read.
 *
 * @throws ConnectionLost when nothing comes.
 */
export async function beginsAsTls(
  reader: ByteReader,
  socket: Socket,
  deadlines: Deadlines,
): Promise<boolean> {
  const deadline: Deadline = {
    at: deadlines.after(FIRST_BYTE_TIME),
    expire: () => void socket.destroy(),
  };
  deadlines.watch(deadline);
  try {
    const bytes: Buffer | null = await reader.read();
    if (bytes === null) throw new ConnectionLost("the tunnel was closed");
    reader.unread(bytes);
    return bytes[0] === HANDSHAKE;
  } finally {
    deadlines.forget(deadline);
  }
}

/**
 * Serves plain http in a tunnel to a route with `insecure_http`: some clients (undici's proxy agent) open tunnels for
 * that too. Every request is decided on like one in absolute form, and must name the host that its tunnel leads to.
 */
export async function servePlainTunnel(
  context: PlainTunnelContext,
  socket: Socket,
  reader: ByteReader,
  authority: Authority,
): Promise<void> {
  const plan = (head: RequestHead, parts: RequestParts) => {
    const refusal = headRefusal(head) ??
      authorityMismatch(authority, headerValues(head.headers, "host"));
    const request: InboundRequest = {
      scheme: "http",
      authority,
      method: head.method,
      target: head.target,
      headers: head.headers,
      ...parts,
      ...(refusal === undefined ? {} : { refusal }),
    };
    return {
      kind: "exchange" as const,
      run: (answer: Answer) => exchange(context.exchange, request, answer),
    };
  };
  await serveHttp1(
    socket,
    reader,
    context.timeouts,
    context.deadlines,
    context.draining,
    plan,
    (denial) => {
      context.refused(authority, denial);
      return authority.host.text;
    },
  );
}
