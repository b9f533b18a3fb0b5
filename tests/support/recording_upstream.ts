import { Buffer } from "node:buffer";
import { ByteSource, type ByteStream } from "./byte_source.ts";
import { readBody, splitHead } from "./http_answer.ts";
import type { TestAuthority } from "./test_authority.ts";

/** A request as an upstream received it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  /** Request line and fields, as they came. */
  readonly head: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Number of the connection it came by, from 0. */
  readonly connection: number;
}

/** The connection of a request, for answers that are more than bytes. */
export interface UpstreamPeer {
  readonly source: ByteSource;
  write(bytes: string | Uint8Array): Promise<void>;
}

/**
 * Answers a request: bytes to send, or undefined when it wrote by itself. The connection is closed after an
 * answer that says so, or when `close` is returned.
 */
export type Respond = (
  request: ReceivedRequest,
  peer: UpstreamPeer,
) => string | Uint8Array | "close" | undefined | Promise<string | Uint8Array | "close" | undefined>;

/** An answer with a known length. */
export function plainAnswer(
  body: string | Uint8Array,
  fields: readonly string[] = [],
  status = "200 OK",
): Buffer {
  const bytes = Buffer.from(body as string);
  const head = [`HTTP/1.1 ${status}`, `Content-Length: ${bytes.length}`, ...fields];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

/** Answers with the request's own body. */
export const echoBody: Respond = ({ method, body }) =>
  method === "HEAD"
    ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n"
    : plainAnswer(body, ["Content-Type: text/plain", "Date: Thu, 01 Jan 2026 00:00:00 GMT"]);

/** A server that keeps every byte it receives and answers as it is told. */
export class RecordingUpstream implements AsyncDisposable {
  readonly host: string;
  /** Whether it speaks TLS. */
  readonly secure: boolean;
  readonly requests: ReceivedRequest[] = [];
  /** Connections accepted. */
  connections = 0;
  /** Bytes received, whether or not they made up a request. */
  bytes = 0;
  /** What is answered; may be replaced between requests. */
  respond: Respond;
  readonly #listener: Deno.Listener;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<unknown>[] = [];

  private constructor(host: string, secure: boolean, listener: Deno.Listener, respond: Respond) {
    this.host = host;
    this.secure = secure;
    this.#listener = listener;
    this.respond = respond;
    this.#serving.push(this.#accept());
  }

  /** Serves `host` over TLS, with a certificate of `authority`. */
  static tls(
    authority: TestAuthority,
    host: string,
    respond: Respond = echoBody,
    certificateHost = host,
  ): RecordingUpstream {
    const { certificate, key } = authority.leaf(certificateHost);
    const options = { hostname: "127.0.0.1", port: 0, cert: certificate, key };
    return new RecordingUpstream(host, true, Deno.listenTls(options), respond);
  }

  /** Serves `host` in plain http. */
  static plain(host: string, respond: Respond = echoBody): RecordingUpstream {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return new RecordingUpstream(host, false, listener, respond);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** The one request received; fails when there were none or more. */
  get onlyRequest(): ReceivedRequest {
    if (this.requests.length !== 1) {
      throw new Error(`${this.host} received ${this.requests.length} requests, not one`);
    }
    return this.requests[0]!;
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#open.add(connection);
        this.#serving.push(this.#serve(connection, this.connections++));
      }
    } catch { /* closed, or a client that failed its handshake */ }
  }

  async #serve(connection: Deno.Conn, number: number): Promise<void> {
    const counted: ByteStream = {
      read: async (into) => {
        const count = await connection.read(into);
        this.bytes += count ?? 0;
        return count;
      },
      write: (bytes) => connection.write(bytes),
      close: () => connection.close(),
    };
    try {
      await this.#serveRequests(new ByteSource(counted), connection, number);
    } catch { /* the client is gone */ }
    this.#close(connection);
  }

  async #serveRequests(source: ByteSource, connection: Deno.Conn, number: number): Promise<void> {
    const peer: UpstreamPeer = {
      source,
      write: (bytes) => writeAll(connection, bytes),
    };
    for (;;) {
      const head = (await source.takeThrough("\r\n\r\n", 60_000))?.toString("latin1");
      if (head === undefined) return;
      const { start, fields } = splitHead(head);
      const [method = "", target = ""] = start.split(" ");
      const framed = fields.has("content-length") || fields.has("transfer-encoding");
      const body = framed ? await readBody(source, fields, 60_000) : Buffer.alloc(0);
      const request = { method, target, head, headers: fields, body, connection: number };
      this.requests.push(request);
      const answer = await this.respond(request, peer);
      if (answer === "close") return;
      if (answer !== undefined) await peer.write(answer);
    }
  }

  #close(connection: Deno.Conn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch { /* closed already */ }
  }

  /** Closes every connection that is open, as a server does that has waited long enough. */
  hangUp(): void {
    for (const connection of this.#open) this.#close(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.hangUp();
    await Promise.allSettled(this.#serving);
  }
}

async function writeAll(connection: Deno.Conn, bytes: string | Uint8Array): Promise<void> {
  const buffer = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
  for (let at = 0; at < buffer.length;) at += await connection.write(buffer.subarray(at));
}
