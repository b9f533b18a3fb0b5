import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import net, { type Socket } from "node:net";
import tls, { type TLSSocket } from "node:tls";
import { messageOf } from "../../core/errors.ts";
import { HttpFailure, type HttpRequest, type HttpRequester, type HttpResponse } from "./http.ts";

/** What {@linkcode createHttpRequester} may be given. */
export interface HttpRequesterOptions {
  /** PEM of a trust root besides the default ones. */
  readonly extraCa?: string;
  /**
   * Opens TCP to a host name or address; the place for fixed addresses and CONNECT proxies. Closes what it opened when
   * the signal fires, and rejects.
   */
  readonly connect?: (host: string, port: number, signal: AbortSignal) => Promise<Socket>;
}

/** Most bytes of an answer's body: 1 MiB. */
export const MAX_BODY = 1024 * 1024;

/** Requests by node:https, each over a connection of its own. */
export function createHttpRequester(options: HttpRequesterOptions = {}): HttpRequester {
  const ca = options.extraCa === undefined
    ? undefined
    : [...tls.getCACertificates("default"), options.extraCa];
  const connect = options.connect ?? connectTcp;
  return async (request) => {
    const { url, signal } = request;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    let tcp: Socket;
    try {
      tcp = await connect(host, Number(url.port || 443), signal);
    } catch (error) {
      if (signal.aborted) throw new HttpFailure("aborted", false, "aborted while connecting");
      throw new HttpFailure("unreachable", false, messageOf(error));
    }
    const socket = tls.connect({
      socket: tcp,
      // RFC 6066 section 3: a literal address is no server name.
      ...(net.isIP(host) === 0 ? { servername: host } : { host }),
      ALPNProtocols: ["http/1.1"],
      ...(ca === undefined ? {} : { ca }),
    });
    try {
      await secured(socket, signal);
      return await exchange(request, socket);
    } finally {
      socket.destroy();
      tcp.destroy();
    }
  };
}

/** Opens TCP by the system's resolver. */
function connectTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  if (signal.aborted) return Promise.reject(new Error("aborted"));
  const socket = net.connect({ host, port });
  const onAbort = () => {
    socket.destroy();
    reject(new Error("aborted"));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("connect", () => resolve(socket));
  socket.once("error", reject);
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}

function secured(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(new HttpFailure("aborted", false, "aborted during the handshake"));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("secureConnect", resolve);
  // Stays: an error event without a listener would end the process.
  socket.on("error", (error) => {
    reject(new HttpFailure("tls", false, error.message.split("\n")[0]!));
  });
  socket.once("close", () => reject(new HttpFailure("tls", false, "closed during the handshake")));
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}

function exchange(request: HttpRequest, socket: TLSSocket): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const { url, method, body, signal } = request;
  const onAbort = () => reject(new HttpFailure("aborted", true, "aborted before the answer"));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const lost = (error: Error) => reject(new HttpFailure("lost", true, error.message));
  // The option of the same name is not looked at by every runtime, the agent's method is.
  const agent = Object.assign(new https.Agent({ keepAlive: false }), {
    createConnection: () => socket,
  });
  const outgoing = https.request({
    agent,
    host: url.hostname,
    port: Number(url.port || 443),
    path: `${url.pathname}${url.search}`,
    method,
    headers: {
      ...request.headers,
      ...(body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
    },
  }, (incoming) => readAll(incoming).then(resolve, reject));
  outgoing.on("error", lost);
  socket.once("close", () => lost(new Error("the connection was closed before the answer")));
  outgoing.end(body);
  return promise.finally(() => {
    signal.removeEventListener("abort", onAbort);
    outgoing.destroy();
  });
}

function readAll(incoming: IncomingMessage): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const chunks: Buffer[] = [];
  let length = 0;
  incoming.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_BODY) {
      reject(new HttpFailure("too_large", true, `the answer has more than ${MAX_BODY} bytes`));
      incoming.destroy();
    } else chunks.push(chunk);
  });
  incoming.on("error", (error) => reject(new HttpFailure("lost", true, error.message)));
  incoming.on("close", () => reject(new HttpFailure("lost", true, "the answer was cut off")));
  incoming.on("end", () => {
    if (!incoming.complete) {
      return reject(new HttpFailure("lost", true, "the answer was cut off"));
    }
    const headers = Object.entries(incoming.headers).map(([name, value]) =>
      [name, Array.isArray(value) ? value.join(", ") : value ?? ""] as const
    );
    resolve({
      status: incoming.statusCode ?? 0,
      headers: new Map(headers),
      body: Buffer.concat(chunks).toString("utf8"),
    });
  });
  return promise;
}
