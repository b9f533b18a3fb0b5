import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { systemClock } from "../../core/clock.ts";
import type { EventFields } from "../../core/event.ts";
import type { Proposal } from "../../core/proposal.ts";
import { sha256 } from "../../supervise/live_routes.ts";
import {
  startSupervise,
  type Supervise,
  type SuperviseOptions,
} from "../../supervise/mcp/serve.ts";
import { ProposalQueue } from "../../supervise/queue.ts";
import { replaceFile } from "../../sys/atomic_file.ts";

/** The live file of a scene. */
export const LIVE = `${JSON.stringify({ routes: [{ host: "api.example.com" }] }, null, 2)}\n`;
/** A file that an agent proposes. */
export const WIDER = "routes:\n  - host: api.example.com\n  - host: cdn.example.org\n    ttl: 2h\n";

/** What `ask` says of a call. */
export interface Called {
  readonly text: string;
  readonly data: {
    readonly status?: string;
    readonly id?: string;
    readonly [key: string]: unknown;
  };
  readonly isError: boolean;
}

/** A supervise server on loopback with a contract directory of its own. */
export interface Scene extends AsyncDisposable {
  readonly contract: string;
  readonly url: URL;
  readonly server: Supervise;
  readonly queue: ProposalQueue;
  readonly events: EventFields[];
  readonly defects: unknown[];
  /** A client of the official package that is connected. */
  connect(mode?: "legacy" | "auto" | { pin: string }): Promise<Client>;
  call(client: Client, name: string, args?: Record<string, unknown>): Promise<Called>;
  pending(): Proposal[];
  /** The one proposal that waits, once it does. */
  proposal(): Promise<Proposal>;
  respond(id: string, response: Record<string, unknown>): void;
  /** Puts a routes file in place as the host does. */
  apply(text: string): void;
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Response>;
}

/** Opens a scene; everything is removed with it. */
export async function openScene(options: Partial<SuperviseOptions> = {}): Promise<Scene> {
  await using made = new AsyncDisposableStack();
  const contract = Deno.makeTempDirSync({ prefix: "supervise-" });
  made.defer(() => Deno.removeSync(contract, { recursive: true }));
  Deno.mkdirSync(join(contract, "config"));
  const routes = join(contract, "config/routes.yaml");
  Deno.writeTextFileSync(routes, LIVE);
  const events: EventFields[] = [];
  const defects: unknown[] = [];
  const record = (event: EventFields) => void events.push(event);
  const dir = join(contract, "queue");
  const queue = made.use(ProposalQueue.open({ dir, slug: "dev", clock: systemClock, record }));
  const server = made.use(
    await startSupervise({
      listen: { host: "127.0.0.1", port: 0 },
      slug: "dev",
      contractDir: contract,
      queue,
      isSet: (tokenRef) => tokenRef === "EGRESS_TOKEN_0",
      record,
      onDefect: (error) => void defects.push(error),
      ...options,
    }),
  );
  const url = new URL(`http://127.0.0.1:${server.port}/mcp`);
  const clients: Client[] = [];
  made.defer(async () => {
    await Promise.all(clients.map((client) => client.close()));
  });
  const owned = made.move();
  const pending = () =>
    [...Deno.readDirSync(dir)].filter(({ name }) => name.endsWith(".proposal.json"))
      .map(({ name }) => JSON.parse(Deno.readTextFileSync(join(dir, name))) as Proposal);
  return {
    contract,
    url,
    server,
    queue,
    events,
    defects,
    async connect(mode = "legacy") {
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
      await client.connect(new StreamableHTTPClientTransport(url));
      clients.push(client);
      return client;
    },
    async call(client, name, args = {}) {
      const { content, structuredContent, isError } = await client.callTool({
        name,
        arguments: args,
      });
      const first = content[0];
      assert.ok(first?.type === "text");
      return {
        text: first.text,
        data: (structuredContent ?? {}) as Called["data"],
        isError: isError === true,
      };
    },
    pending,
    proposal: () => eventually(() => pending()[0], "a proposal"),
    respond: (id, response) =>
      replaceFile(
        join(dir, `${id}.response.json`),
        JSON.stringify({ proposal_id: id, ...response }),
        0o600,
      ),
    apply: (text) => replaceFile(routes, text, 0o600),
    post: (body, headers = {}) =>
      fetch(url, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Waits until `look` finds something. */
export async function eventually<T>(look: () => T | undefined, what: string): Promise<T> {
  const start = performance.now();
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() - start > 20_000) assert.fail(`${what} did not come within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The messages of a response, whether it came as one body or as an event stream. */
export async function messages(response: Response): Promise<Record<string, unknown>[]> {
  const text = await response.text();
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    return text === "" ? [] : [JSON.parse(text)].flat();
  }
  return text.split("\n").filter((line) => line.startsWith("data: ") && line.length > 6)
    .map((line) => JSON.parse(line.slice(6)));
}

/** Calls a tool over a unix socket, as an agent in a bottle does, and gives the HTTP answer's text. */
export async function callOverSocket(
  socket: string,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<string> {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: args },
  });
  using conn = await Deno.connect({ transport: "unix", path: socket });
  await conn.write(
    new TextEncoder().encode(
      `POST /mcp HTTP/1.1\r\nHost: supervise:9100\r\ncontent-type: application/json\r\n` +
        `accept: application/json, text/event-stream\r\nconnection: close\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    ),
  );
  const buffer = new Uint8Array(65536);
  let answer = "";
  for (let count; (count = await conn.read(buffer)) !== null;) {
    answer += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return answer;
}

export { sha256 };
