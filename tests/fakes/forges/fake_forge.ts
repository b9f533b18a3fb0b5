import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import https, { type Server } from "node:https";
import type { TestAuthority } from "../../support/test_authority.ts";

/** A request as a fake forge received it; the token is replaced by `<token>`. */
export interface ForgeRequest {
  readonly method: string;
  /** Escaped, as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** What a fake answers: JSON unless it is given as text. */
export interface ForgeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

/** `hang`: no answer; `drip`: a head and one byte; `cut`: half of a body; `reset`: the connection is closed. */
export type Misbehaviour = "hang" | "drip" | "cut" | "reset";

/** Something that goes wrong. */
export interface Fault {
  readonly on: "GET" | "POST" | "DELETE";
  /** Whether the forge does what it was asked before it fails; false unless given. */
  readonly acts?: boolean;
  readonly answer: ForgeAnswer | Misbehaviour;
  /** With every request of the method, not only with the next one. */
  readonly always?: boolean;
}

/** What a token of the fake may do. */
export type Permission = "admin" | "write" | "no-scope" | "none";

/** A deploy key in the fake's store. */
export interface StoredKey {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly blob: string;
  readonly comment: string;
  readonly writable: boolean;
  readonly fingerprint: string;
}

/** What a subclass does with an authenticated request. */
export interface Handling {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly permission: Permission;
}

const TRANSPORT_HEADERS = ["host", "connection", "content-length", "user-agent", "accept"];

/** A strict forge over TLS on loopback. What no real client should send is a violation, and disposal throws for those. */
export abstract class FakeForge implements AsyncDisposable {
  readonly requests: ForgeRequest[] = [];
  readonly violations: string[] = [];
  /** Repositories and their keys, by path. */
  readonly repos = new Map<string, StoredKey[]>();
  /** Tokens and what they may do. */
  readonly tokens = new Map<string, Permission>();
  /** Public keys (type and base64) that users have for themselves. */
  readonly userKeys = new Set<string>();
  /** Wakes when a request has arrived. */
  onRequest: (request: ForgeRequest) => void = () => {};
  readonly #faults: Fault[] = [];
  #server: Server | undefined;
  #nextId = 41;

  /** Header that holds the token. */
  protected abstract readonly credentialHeader: string;
  /** What stands before the token in that header. */
  protected abstract readonly credentialPrefix: string;
  /** Value that `accept` must have. */
  protected abstract readonly accept: string;
  /** Further headers that must be there, with their values. */
  protected readonly requiredHeaders: Readonly<Record<string, string>> = {};
  /** Path of the API, such as `/api/v1`. */
  abstract readonly prefix: string;

  /** The answer to a request without a known token. */
  protected abstract unauthorized(): ForgeAnswer;
  /** The answer to an authenticated request; undefined when the API has no such path. */
  protected abstract handle(request: Handling): ForgeAnswer | undefined;

  constructor(readonly host = "git.example.org") {}

  /** Starts serving with a certificate for its host. */
  async listen(authority: TestAuthority, certificateHost = this.host): Promise<this> {
    const { certificate, key } = authority.leaf(certificateHost);
    const server = https.createServer({ cert: certificate, key }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        // A client that gives up while it is still sending is no violation: tests of time limits make it do so.
        if (!request.destroyed) this.violations.push(`the fake failed: ${error}`);
        response.destroy();
      });
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
    return this;
  }

  get port(): number {
    return (this.#server!.address() as { port: number }).port;
  }

  /** Base URL of the API. */
  get api(): string {
    return `https://${this.host}:${this.port}${this.prefix}`;
  }

  /** Lets something go wrong with the next request of that method. Several are used in order. */
  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Puts a key into a repository, as somebody else would. */
  seed(project: string, title: string, publicKey: string, writable = true): StoredKey {
    const parsed = parsePublicKey(publicKey);
    if (parsed === undefined) throw new Error(`not a public key: ${publicKey}`);
    return this.store(project, title, parsed, writable);
  }

  protected store(
    project: string,
    title: string,
    key: ParsedKey,
    writable: boolean,
  ): StoredKey {
    const fingerprint = createHash("sha256").update(Buffer.from(key.blob, "base64"))
      .digest("base64").replace(/=+$/, "");
    const stored = {
      id: this.#nextId++,
      title,
      ...key,
      writable,
      fingerprint: `SHA256:${fingerprint}`,
    };
    this.repos.get(project)!.push(stored);
    return stored;
  }

  /** Notes something that a real client must not do. */
  protected violation(text: string): ForgeAnswer {
    this.violations.push(text);
    return { status: 400, json: { message: `the fake refuses: ${text}` } };
  }

  /** Notes fields of a body that the API does not have. */
  protected unknownFields(body: Readonly<Record<string, unknown>>, known: readonly string[]) {
    for (const name of Object.keys(body)) {
      if (!known.includes(name)) this.violation(`field ${name} is not of this API`);
    }
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const url = new URL(incoming.url!, "https://fake.invalid");
    const rawHeaders: Record<string, string> = {};
    for (const [name, value] of Object.entries(incoming.headers)) rawHeaders[name] = String(value);
    const { method } = incoming as { method: string };
    const presented = rawHeaders[this.credentialHeader] ?? "";
    const token = presented.startsWith(this.credentialPrefix)
      ? presented.slice(this.credentialPrefix.length)
      : "";
    for (const [known] of this.tokens) {
      if (`${incoming.url}${text}`.includes(known)) this.violation("a token in path or body");
    }
    let body: unknown;
    try {
      body = text === "" ? undefined : JSON.parse(text);
    } catch {
      this.violation("the body is not JSON");
    }
    const headers = Object.fromEntries(
      Object.entries(rawHeaders).map(([name, value]) =>
        [name, token === "" ? value : value.replaceAll(token, "<token>")] as const
      ),
    );
    const request = { method, path: url.pathname, query: url.searchParams, headers, body };
    this.requests.push(request);
    this.#checkHeaders(request);

    const act = (): ForgeAnswer => {
      const permission = this.tokens.get(token);
      if (permission === undefined) return this.unauthorized();
      if (!url.pathname.startsWith(`${this.prefix}/`)) {
        return this.violation(`path ${url.pathname} is not of this API`);
      }
      const path = url.pathname.slice(this.prefix.length);
      const fields = body as Readonly<Record<string, unknown>> | undefined;
      return this.handle({ method, path, query: url.searchParams, body: fields, permission }) ??
        this.violation(`${method} ${path} is not of this API`);
    };
    const at = this.#faults.findIndex(({ on }) => on === method);
    const fault = this.#faults[at];
    if (fault !== undefined && fault.always !== true) this.#faults.splice(at, 1);
    const answer = fault === undefined || fault.acts === true ? act() : undefined;
    this.onRequest(request);
    this.#answer(response, fault?.answer ?? answer!);
  }

  #checkHeaders({ method, headers, body }: ForgeRequest): void {
    const required: Record<string, string> = {
      host: `${this.host}:${this.port}`,
      accept: this.accept,
      ...this.requiredHeaders,
      ...(method === "POST" ? { "content-type": "application/json" } : {}),
    };
    for (const [name, value] of Object.entries(required)) {
      if (headers[name] !== value) this.violation(`${name} is ${headers[name]}, not ${value}`);
    }
    // GitHub refuses requests without one (docs.github.com, "User agent required"); nobody should send none.
    if (!headers["user-agent"]) this.violation("user-agent is missing");
    if (method !== "POST" && body !== undefined) this.violation(`a body with ${method}`);
    const known = [...TRANSPORT_HEADERS, ...Object.keys(required), this.credentialHeader];
    for (const name of Object.keys(headers)) {
      if (!known.includes(name)) this.violation(`header ${name} is not expected`);
    }
  }

  #answer(response: ServerResponse, answer: ForgeAnswer | Misbehaviour): void {
    switch (answer) {
      case "hang":
        return;
      case "reset":
        return void response.destroy();
      case "drip":
        response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" });
        return void response.write("[");
      case "cut":
        response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" });
        return void response.write("[{", () => response.socket?.destroy());
    }
    const text = answer.text ?? (answer.json === undefined ? "" : JSON.stringify(answer.json));
    response.writeHead(answer.status, {
      ...(text === "" ? {} : {
        "Content-Type": answer.text === undefined
          ? "application/json; charset=utf-8"
          : "text/plain",
      }),
      ...answer.headers,
    });
    response.end(text);
  }

  /** Fails for violations and for faults that nothing has met. */
  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    if (server !== undefined) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    const wrong = [
      ...this.violations,
      ...this.#faults.filter(({ always }) => !always).map(({ on }) =>
        `a fault for ${on} was never met`
      ),
    ];
    if (wrong.length > 0) throw new Error(`${this.constructor.name}: ${wrong.join("; ")}`);
  }
}

/** The parts of a public key line. */
export interface ParsedKey {
  readonly type: string;
  readonly blob: string;
  readonly comment: string;
}

/** Reads `type base64 [comment]`; undefined unless the type is also the first string of the base64 (RFC 4253 6.6). */
export function parsePublicKey(line: string): ParsedKey | undefined {
  const match = /^(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/]+={0,2})(?: ([^\r\n]*))?$/.exec(line.trim());
  if (match === null) return undefined;
  const [, type = "", blob = "", comment = ""] = match;
  const bytes = Buffer.from(blob, "base64");
  const inside = bytes.subarray(4, 4 + (bytes.length < 4 ? 0 : bytes.readUInt32BE(0)));
  return inside.toString("latin1") === type ? { type, blob, comment } : undefined;
}

/** A page of `items`; numbers that are no numbers count as the defaults, as with the real forges. */
export function pageOf<Item>(
  items: readonly Item[],
  query: URLSearchParams,
  sizeName: string,
  usual: number,
  most: number,
): { items: readonly Item[]; page: number; size: number; pages: number } {
  const page = Math.max(1, Number(query.get("page") ?? "1") || 1);
  const size = Math.min(most, Math.max(1, Number(query.get(sizeName) ?? usual) || usual));
  return {
    items: items.slice((page - 1) * size, page * size),
    page,
    size,
    pages: Math.max(1, Math.ceil(items.length / size)),
  };
}
