import type { ClientConnection } from "./client_connection.ts";

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  411: "Length Required",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

const encoder = new TextEncoder();

/** The answer to one request: chunked, so that a client sees when it was cut off. */
export class Reply {
  readonly #connection: ClientConnection;
  #state: "unsent" | "open" | "ended" = "unsent";

  constructor(connection: ClientConnection) {
    this.#connection = connection;
  }

  get sent(): boolean {
    return this.#state !== "unsent";
  }

  /** Sends the status line and headers. */
  async begin(status: number, headers: Readonly<Record<string, string>>): Promise<void> {
    this.#state = "open";
    const fields = {
      ...headers,
      "cache-control": "no-cache, max-age=0, must-revalidate",
      "connection": "close",
      "transfer-encoding": "chunked",
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await this.#connection.write(
      encoder.encode(`HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n${lines}\r\n`),
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
    const chunk = new Uint8Array(size.length + bytes.length + 2);
    chunk.set(size);
    chunk.set(bytes, size.length);
    chunk.set([13, 10], size.length + bytes.length);
    await this.#connection.write(chunk);
  }

  async end(): Promise<void> {
    this.#state = "ended";
    await this.#connection.write(encoder.encode("0\r\n\r\n"));
  }

  /** A whole answer of one sentence, which git shows to its user. */
  async text(status: number, sentence: string, headers: Record<string, string> = {}) {
    await this.begin(status, { "content-type": "text/plain", ...headers });
    await this.write(encoder.encode(`${sentence}\n`));
    await this.end();
  }
}
