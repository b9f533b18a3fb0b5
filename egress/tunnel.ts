import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import tls, { type TLSSocket } from "node:tls";
import { type Authority, type Host, isHostProblem, parseHost } from "../core/host_name.ts";
import { type Denial, deny } from "./denial.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { exchange } from "./exchange.ts";
import type { ExchangeContext } from "./exchange_context.ts";
import type { Answer, InboundRequest } from "./inbound.ts";
import { ByteReader } from "./http1/byte_reader.ts";
import {
  type ConnectionTimeouts,
  headRefusal,
  type RequestParts,
  serveHttp1,
} from "./http1/server_connection.ts";
import type { RequestHead } from "./http1/message_head.ts";
import { ConnectionError } from "./http2/protocol_error.ts";
import { serveHttp2 } from "./http2/server_session.ts";
import type { StreamCount } from "./http2/session_streams.ts";
import { type ClientHello, ClientHelloError, parseClientHello } from "./tls/client_hello.ts";
import { GatedStream } from "./tls/gated_stream.ts";
import type { LeafStore } from "./tls/leaf_store.ts";

/** What a tunnel uses besides the exchange's own. */
export interface TunnelContext {
  readonly exchange: ExchangeContext;
  readonly leaves: LeafStore;
  readonly timeouts: ConnectionTimeouts;
  readonly deadlines: Deadlines;
  readonly draining: () => boolean;
  /** Records what ended a tunnel before there was a request. */
  readonly refused: (authority: Authority, denial: Denial) => void;
  /** Keeps the ways to end open HTTP/2 sessions gracefully. */
  readonly drains: Set<() => void>;
  readonly streams: StreamCount;
}

const HANDSHAKE_TIME = 15_000;

/**
 * Serves an accepted CONNECT: ends TLS with a leaf for the tunnel's one host, then HTTP/1.1 or HTTP/2.
 * There is no other way through a tunnel: bytes that are not TLS close it.
 */
export async function serveTunnel(
  context: TunnelContext,
  raw: Socket,
  early: Buffer,
  authority: Authority,
): Promise<void> {
  const deadline: Deadline = {
    at: context.deadlines.after(HANDSHAKE_TIME),
    expire: () => raw.destroy(),
  };
  context.deadlines.watch(deadline);
  try {
    const hello = await readClientHello(raw, early);
    if (hello === null) return void raw.destroy();
    const gate = new GatedStream(raw);
    const socket = await handshake(raw, gate, context.leaves, authority);
    if (socket === null) return;
    context.deadlines.forget(deadline);
    const refusal = serverNameRefusal(hello.serverName, authority.host);
    if (socket.alpnProtocol === "h2") {
      await overHttp2(context, socket, gate, authority, refusal);
    } else await overHttp1(context, socket, gate, authority, refusal);
  } catch (error) {
    raw.destroy();
    if (!(error instanceof ClientHelloError)) throw error;
    context.refused(authority, deny("malformed_request", error.message));
  } finally {
    context.deadlines.forget(deadline);
  }
}

/** Waits for the whole ClientHello and puts its bytes back. */
async function readClientHello(raw: Socket, early: Buffer): Promise<ClientHello | null> {
  const reader = new ByteReader(raw);
  reader.unread(early);
  let bytes: Buffer | undefined;
  for (;;) {
    const chunk = await reader.read();
    if (chunk === null) return null;
    bytes = bytes === undefined ? chunk : Buffer.concat([bytes, chunk]);
    const hello = parseClientHello(bytes);
    if (hello === null) continue;
    const name = hello.serverName === null ? null : parseHost(hello.serverName);
    if (name !== null && (isHostProblem(name) || name.kind === "ip")) {
      throw new ClientHelloError("the TLS server name is not a host name");
    }
    raw.pause();
    reader.unread(bytes);
    raw.unshift(reader.release());
    return hello;
  }
}

/** A server name other than the tunnel's is domain fronting: the handshake is finished so that it can be told. */
function serverNameRefusal(serverName: string | null, host: Host): Denial | undefined {
  if (serverName === null) return undefined;
  const named = parseHost(serverName);
  if (!isHostProblem(named) && named.kind === host.kind && named.text === host.text) {
    return undefined;
  }
  return deny("sni_mismatch", "the TLS server name is not the host that the tunnel was opened to");
}

/**
 * Ends TLS on a connection; null when the client gives up (it does not trust the CA, or pins a certificate).
 *
 * A server that never listens is made for the one connection: it tells a handshake that failed from one that
 * succeeded.
 */
function handshake(
  raw: Socket,
  gate: GatedStream,
  leaves: LeafStore,
  { host }: Authority,
): Promise<TLSSocket | null> {
  const { certificate, key } = leaves.leafFor(host.text);
  return new Promise((resolve) => {
    const server = tls.createServer({
      cert: certificate,
      key,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["h2", "http/1.1"],
    });
    server.once("tlsClientError", () => {
      raw.destroy();
      resolve(null);
    });
    server.once("secureConnection", (socket) => {
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
    raw.once("close", () => resolve(null));
    server.emit("connection", gate);
  });
}

async function overHttp1(
  context: TunnelContext,
  socket: Socket,
  gate: GatedStream,
  authority: Authority,
  refusal: Denial | undefined,
): Promise<void> {
  const plan = (head: RequestHead, parts: RequestParts) => {
    const request: InboundRequest = {
      scheme: "https",
      authority,
      method: head.method,
      target: head.target,
      headers: head.headers,
      ...parts,
      ...refusalOf(refusal ?? headRefusal(head)),
    };
    return {
      kind: "exchange" as const,
      run: (answer: Answer) => exchange(context.exchange, request, answer),
    };
  };
  await serveHttp1(
    socket,
    new ByteReader(socket, gate),
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

async function overHttp2(
  context: TunnelContext,
  socket: Socket,
  gate: GatedStream,
  authority: Authority,
  refusal: Denial | undefined,
): Promise<void> {
  const { closed, drain } = serveHttp2(socket, {
    valve: gate,
    idle: context.timeouts.idle,
    deadlines: context.deadlines,
    total: context.streams,
    run: (stream, answer) => {
      const request: InboundRequest = {
        scheme: "https",
        authority,
        ...stream,
        ...refusalOf(refusal ?? stream.refusal),
      };
      return exchange(context.exchange, request, answer);
    },
    onFailure: (error) => {
      if (!(error instanceof ConnectionError)) return context.exchange.onDefect(error);
      context.refused(authority, deny("malformed_request", error.message));
    },
  });
  context.drains.add(drain);
  if (context.draining()) drain();
  await closed;
  context.drains.delete(drain);
}

function refusalOf(refusal: Denial | undefined): { refusal?: Denial } {
  return refusal === undefined ? {} : { refusal };
}
