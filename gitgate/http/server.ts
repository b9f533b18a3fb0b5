import { ByteReader, type Pull, StreamFault } from "./byte_reader.ts";
import { ClientConnection } from "./client_connection.ts";
import { Reply } from "./reply.ts";
import { requestBody } from "./request_body.ts";
import { HttpRefusal, parseRequestHead, type RequestHead } from "./request_head.ts";

/** A request, its body still to be read. */
export interface GateRequest extends RequestHead {
  /** The body, decoded. */
  readonly body: ByteReader;
  /** Aborted when the client is gone; sure to be noticed once the whole body was read. */
  readonly gone: AbortSignal;
}

/** Answers one request. */
export type Handler = (request: GateRequest, reply: Reply) => Promise<void>;

/** What {@linkcode HttpServer} is made of. */
export interface HttpServerOptions {
  readonly listener: Deno.Listener;
  readonly handler: Handler;
  readonly connections: number;
  /** Milliseconds for each read and write. */
  readonly idle: number;
  readonly onDefect: (error: unknown) => void;
}

/** Milliseconds for a whole head. */
const HEAD_TIME = 15_000;
const HEAD_BYTES = 16 * 1024;
const HEAD_END = new TextEncoder().encode("\r\n\r\n");
/** Bytes of a refused body that are read, so that the client gets to see the refusal. */
const LINGER_BYTES = 8 * 1024 * 1024;

/** A small HTTP/1.1 server: one request a connection, each step with a deadline. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #open = new Map<ClientConnection, Promise<void>>();
  readonly #accepting: Promise<void>;
  #closed = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#accepting = this.#accept();
  }

  /** Stops accepting and waits at most `ms` for what is under way. */
  async drain(ms: number): Promise<void> {
    this.#stopAccepting();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, ms));
    await Promise.race([Promise.all(this.#open.values()), late]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopAccepting();
    for (const connection of this.#open.keys()) connection[Symbol.dispose]();
    await this.#accepting;
    await Promise.all(this.#open.values());
  }

  #stopAccepting(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.listener.close();
  }

  async #accept(): Promise<void> {
    const { listener, connections, idle, onDefect } = this.#options;
    while (!this.#closed) {
      let conn: Deno.Conn;
      try {
        conn = await listener.accept();
      } catch (error) {
        if (this.#closed) return;
        onDefect(error);
        // Out of descriptors, for one: the next attempt may succeed.
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const connection = new ClientConnection(conn, idle);
      if (this.#open.size >= connections) {
        connection[Symbol.dispose]();
        continue;
      }
      const served = this.#serve(connection).catch(onDefect).finally(() => {
        connection[Symbol.dispose]();
        this.#open.delete(connection);
      });
      this.#open.set(connection, served);
    }
  }

  async #serve(connection: ClientConnection): Promise<void> {
    const reply = new Reply(connection);
    const deadline = performance.now() + HEAD_TIME;
    let headRead = false;
    const wire = new ByteReader(() => {
      const idle = headRead ? undefined : Math.max(1, deadline - performance.now());
      return connection.read(idle);
    });
    let unread = true;
    try {
      const head = parseRequestHead(await wire.until(HEAD_END, HEAD_BYTES));
      headRead = true;
      const ended = () => {
        unread = false;
        void connection.watch();
      };
      const body = this.#body(head, wire, connection, ended);
      await this.#options.handler(
        { ...head, body: new ByteReader(body), gone: connection.gone },
        reply,
      );
    } catch (error) {
      if (reply.sent) {
        // The chunked answer stays without its end: the client knows that it was cut.
        if (!connection.gone.aborted) this.#options.onDefect(error);
        return;
      }
      const refusal = error instanceof HttpRefusal
        ? error
        : error instanceof StreamFault
        ? new HttpRefusal(400, `the request cannot be read: ${error.message}`)
        : undefined;
      if (refusal === undefined && !connection.gone.aborted) this.#options.onDefect(error);
      // Also to one who said no more than this: a client may close its side and still listen.
      await reply.text(refusal?.status ?? 500, `git-gate: ${refusal?.message ?? "internal error"}`)
        .catch(() => undefined);
    }
    if (unread) await this.#linger(connection);
  }

  #body(
    head: RequestHead,
    wire: ByteReader,
    connection: ClientConnection,
    ended: () => void,
  ): Pull {
    if (head.method !== "POST") {
      if (head.headers.has("content-length") || head.headers.has("transfer-encoding")) {
        throw new HttpRefusal(400, "a body is not expected");
      }
      ended();
      return () => Promise.resolve(null);
    }
    const body = requestBody(head.headers, wire, ended);
    let asked = head.headers.get("expect")?.toLowerCase() === "100-continue";
    return async () => {
      if (asked) {
        asked = false;
        await connection.write(new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n"));
      }
      return await body();
    };
  }

  /** A connection that is closed with unread bytes is reset, and the answer may be lost with it. */
  async #linger(connection: ClientConnection): Promise<void> {
    try {
      for (let left = LINGER_BYTES; left > 0;) {
        const bytes = await connection.read(2_000);
        if (bytes === null) return;
        left -= bytes.length;
      }
    } catch { /* the client is gone, or waits itself */ }
  }
}
