import { Buffer } from "node:buffer";
import { ByteSource } from "./byte_source.ts";
import { type HttpAnswer, readAnswer } from "./http_answer.ts";

/** How long a client waits for bytes unless it says otherwise, in milliseconds. */
export const PATIENCE = 5_000;

/** A client that sends exactly the bytes it is given. */
export class RawClient implements Disposable {
  readonly connection: Deno.Conn;
  readonly source: ByteSource;

  constructor(connection: Deno.Conn) {
    this.connection = connection;
    this.source = new ByteSource(connection);
  }

  /** Sends text as latin-1, or as UTF-8 when it holds more than that. */
  async send(bytes: string | Uint8Array): Promise<void> {
    const buffer = typeof bytes === "string" ? encode(bytes) : bytes;
    for (let at = 0; at < buffer.length;) at += await this.connection.write(buffer.subarray(at));
  }

  /** Sends a request and reads its answer; null when the connection was closed without one. */
  async ask(request: string | Uint8Array, ms = PATIENCE): Promise<HttpAnswer | null> {
    try {
      await this.send(request);
    } catch { /* refused before everything was sent: the answer is what counts */ }
    const text = typeof request === "string" ? request : Buffer.from(request).toString("latin1");
    return await this.answer(/^\s*(\S+)/.exec(text)?.[1] ?? "GET", ms);
  }

  /** Reads one answer to `method`. */
  answer(method = "GET", ms = PATIENCE): Promise<HttpAnswer | null> {
    return readAnswer(this.source, method, ms);
  }

  /** Whether the connection ends within `ms` without another byte. */
  async closes(ms = PATIENCE): Promise<boolean> {
    return (await this.source.rest(ms)).length === 0;
  }

  [Symbol.dispose](): void {
    try {
      this.connection.close();
    } catch { /* closed already */ }
  }
}

/** The bytes of a text: latin-1 where that can hold it, UTF-8 otherwise. */
export function encode(text: string): Buffer {
  const narrow = [...text].every((character) => character.codePointAt(0)! <= 0xff);
  return Buffer.from(text, narrow ? "latin1" : "utf8");
}

/** A connection to the proxy itself. */
export async function connectRaw(port: number): Promise<RawClient> {
  return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
}

/** What a tunnel is opened with. */
export interface TunnelOptions {
  /** PEM roots that the client trusts. */
  readonly trust: string;
  readonly alpn?: readonly string[];
}

/** A CONNECT that was not answered with 200. */
export class TunnelRefused extends Error {
  override readonly name = "TunnelRefused";
  constructor(readonly answer: HttpAnswer | null) {
    super(`CONNECT was answered with ${answer?.status ?? "nothing"}`);
  }
}

/**
 * Opens a TLS tunnel to `authority` (`host:port`), with the host as server name.
 *
 * @throws TunnelRefused
 */
export async function openTunnel(
  port: number,
  authority: string,
  { trust, alpn = ["http/1.1"] }: TunnelOptions,
): Promise<RawClient> {
  const connection = await openBareTunnel(port, authority);
  const tls = await Deno.startTls(connection, {
    hostname: authority.replace(/:\d+$/, ""),
    caCerts: [trust],
    alpnProtocols: [...alpn],
  });
  return new RawClient(tls);
}

/**
 * Sends CONNECT and gives the connection once it is a tunnel.
 *
 * @throws TunnelRefused
 */
export async function openBareTunnel(port: number, authority: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const client = new RawClient(connection);
  const answer = await client.ask(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
  ).catch(() => null);
  if (answer?.status !== 200) {
    connection.close();
    throw new TunnelRefused(answer);
  }
  return connection;
}
