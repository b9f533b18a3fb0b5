import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { Buffer } from "node:buffer";

/** Where the server listens: a unix socket in a bottle, TCP on loopback for tests. */
export type ListenAddress =
  | { readonly unix: string }
  | { readonly host: string; readonly port: number };

/** What {@linkcode listenHttp} is given. */
export interface HttpListenerOptions {
  readonly listen: ListenAddress;
  /** Largest request body, in bytes. */
  readonly maxBody: number;
  /** Answers one request; `signal` of the request ends when its connection does. */
  readonly answer: (request: Request) => Promise<Response>;
  /** Answers a request whose body is larger than `maxBody`. */
  readonly tooLarge: () => Response;
  readonly onDefect: (error: unknown) => void;
}

/** How many times the largest body is read and dropped before a connection is closed on its client. */
const DROPPED = 16;
/** Connections at once, of one bottle. */
const MAX_CONNECTIONS = 256;
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 65_000,
};

/** A listener for HTTP/1.1; disposal closes every connection. */
export interface HttpListener extends AsyncDisposable {
  /** The TCP port, or 0 on a unix socket. */
  readonly port: number;
}

/** Listens for requests and answers each as a Fetch API handler. Rejects when the address cannot be used. */
export async function listenHttp(options: HttpListenerOptions): Promise<HttpListener> {
  const { listen } = options;
  const server = http.createServer(
    { ...TIMEOUTS, maxHeaderSize: 16 * 1024 },
    (incoming, outgoing) => {
      serve(options, incoming, outgoing).catch((error) => {
        options.onDefect(error);
        outgoing.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const listening = () => {
      server.off("error", reject);
      resolve();
    };
    if ("unix" in listen) server.listen(listen.unix, listening);
    else server.listen(listen.port, listen.host, listening);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function serve(
  { maxBody, answer, tooLarge }: HttpListenerOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  incoming.on("error", () => gone.abort());
  outgoing.on("error", () => gone.abort());
  const body = await readBody(incoming, maxBody);
  if (body === "gone") return;
  if (body === "too large") {
    outgoing.shouldKeepAlive = false; // a rest of the body may be unread
    return await send(tooLarge(), outgoing, gone.signal);
  }
  await send(await answer(webRequest(incoming, body, gone.signal)), outgoing, gone.signal);
}

function webRequest(
  incoming: IncomingMessage,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Request {
  const headers = new Headers();
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!);
  }
  // The authority is checked by its header; a hostile one must not become part of a URL here.
  const url = new URL(`http://supervise${incoming.url?.startsWith("/") ? incoming.url : "/"}`);
  const method = incoming.method ?? "GET";
  const bodyless = method === "GET" || method === "HEAD";
  return new Request(url, { method, headers, signal, ...(bodyless ? {} : { body }) });
}

function readBody(
  incoming: IncomingMessage,
  maxBody: number,
): Promise<Uint8Array<ArrayBuffer> | "too large" | "gone"> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBody) return void chunks.push(chunk);
      chunks = [];
      // A client reads an answer when it has sent its request, so a little more is taken and dropped.
      if (length > DROPPED * maxBody) resolve("too large");
    });
    incoming.on("end", () => {
      resolve(length > maxBody ? "too large" : new Uint8Array(Buffer.concat(chunks)));
    });
    incoming.on("close", () => resolve("gone")); // after "end" it changes nothing
    incoming.on("error", () => resolve("gone"));
  });
}

/** Writes a response as its body arrives, no faster than the client reads. */
async function send(
  response: Response,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  delete headers["connection"]; // belongs to the connection, which is not the answer's to decide about
  outgoing.writeHead(response.status, headers);
  if (response.body === null) return void outgoing.end();
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  gone.addEventListener("abort", cancel, { once: true });
  if (gone.aborted) cancel();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || gone.aborted) break;
      if (!outgoing.write(value)) await drained(outgoing);
    }
  } finally {
    gone.removeEventListener("abort", cancel);
    outgoing.end();
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("drain", resolve);
    outgoing.once("close", resolve);
  });
}
