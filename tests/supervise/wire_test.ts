import assert from "node:assert/strict";
import { eventually, messages, openScene, type Scene, WIDER } from "./scene.ts";

const CALL = {
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { name: "egress-allow", arguments: { routes_yaml: WIDER, justification: "a test" } },
};
const LIST = { jsonrpc: "2.0", id: 8, method: "tools/list" };

async function rpc(at: Scene, message: unknown, headers: Record<string, string> = {}) {
  const response = await at.post(JSON.stringify(message), headers);
  return { status: response.status, messages: await messages(response) };
}

async function stillServes(at: Scene): Promise<void> {
  const { status, messages: [answer] } = await rpc(at, LIST);
  assert.equal(status, 200);
  assert.equal((answer?.result as { tools: unknown[] }).tools.length, 5);
  assert.deepEqual(at.defects, []);
}

for (const version of ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
  Deno.test(`a client of ${version} initializes, lists tools and calls them`, async () => {
    await using at = await openScene();
    const initialize = {
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: {
        protocolVersion: version,
        capabilities: {},
        clientInfo: { name: "t", version: "1" },
      },
    };
    const { messages: [initialized] } = await rpc(at, initialize);
    assert.equal((initialized?.result as { protocolVersion: string }).protocolVersion, version);
    const headers: Record<string, string> = version < "2025-06-18"
      ? {}
      : { "mcp-protocol-version": version };
    const told = await rpc(at, { jsonrpc: "2.0", method: "notifications/initialized" }, headers);
    assert.equal(told.status, 202);
    const { messages: [listed] } = await rpc(at, LIST, headers);
    assert.equal((listed?.result as { tools: unknown[] }).tools.length, 5);
    const answer = rpc(at, CALL, headers);
    at.respond((await at.proposal()).id, { status: "rejected", notes: "no" });
    const called = (await answer).messages.at(-1)!;
    assert.equal(called.id, 7);
    assert.match(JSON.stringify(called.result), /rejected/);
    await stillServes(at);
  });
}

Deno.test("a client of a version to come is offered the newest that is known", async () => {
  await using at = await openScene();
  const { messages: [answer] } = await rpc(at, {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2099-01-01",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    },
  });
  assert.match((answer?.result as { protocolVersion: string }).protocolVersion, /^202[56]-/);
});

for (
  const [what, body, status, code] of [
    ["nothing", "", 400, -32700],
    ["text", "hello", 400, -32700],
    ["a cut object", '{"jsonrpc":"2.0","id":1,', 400, -32700],
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), 400, -32700],
    ["a number", "7", 400, undefined],
    ["null", "null", 400, undefined],
    ["an object that is no message", '{"hello":1}', 400, undefined],
    ["an empty batch", "[]", 400, undefined],
    ["a deep list", "[".repeat(200_000) + "]".repeat(200_000), 400, undefined],
  ] as const
) {
  Deno.test(`a body of ${what} is a client's mistake, and the server goes on`, async () => {
    await using at = await openScene();
    const response = await at.post(body);
    const [answer] = await messages(response);
    assert.equal(response.status, status, JSON.stringify(answer));
    const error = answer?.error as { code: number };
    assert.ok(error.code <= -32000);
    if (code !== undefined) assert.equal(error.code, code);
    await stillServes(at);
  });
}

Deno.test("an unknown method and wrong parameters are JSON-RPC errors", async () => {
  await using at = await openScene();
  const { messages: [unknown] } = await rpc(at, { jsonrpc: "2.0", id: 1, method: "tools/approve" });
  assert.equal((unknown?.error as { code: number }).code, -32601);
  const { messages: [wrong] } = await rpc(at, {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: 7 },
  });
  assert.equal((wrong?.error as { code: number }).code, -32602);
  assert.match((wrong?.error as { message: string }).message, /name/);
  await stillServes(at);
});

Deno.test("a body over 1 MiB is refused, whether or not its length was said", async () => {
  await using at = await openScene();
  const large = JSON.stringify({ ...CALL, padding: "x".repeat(1 << 20) });
  const response = await at.post(large);
  assert.equal(response.status, 413);
  assert.match(JSON.stringify(await response.json()), /1048576 bytes/);
  const chunk = new TextEncoder().encode("x".repeat(64 * 1024));
  let sent = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ >= 32) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const streamed = await fetch(at.url, {
    method: "POST",
    body: stream,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
  });
  assert.equal(streamed.status, 413);
  await streamed.body?.cancel();
  assert.deepEqual(at.pending(), []);
  await stillServes(at);
});

for (
  const [what, method, path, headers, status] of [
    ["another path", "POST", "/", {}, 404],
    ["a path below", "POST", "/mcp/x", {}, 404],
    ["GET", "GET", "/mcp", {}, 405],
    ["DELETE", "DELETE", "/mcp", {}, 405],
    ["PUT", "PUT", "/mcp", {}, 405],
    ["text/plain", "POST", "/mcp", { "content-type": "text/plain" }, 415],
    ["a foreign origin", "POST", "/mcp", { origin: "https://example.net" }, 403],
    ["an unserved protocol version", "POST", "/mcp", { "mcp-protocol-version": "1999-01-01" }, 400],
  ] as const
) {
  Deno.test(`a request with ${what} is answered ${status}`, async () => {
    await using at = await openScene();
    const response = await fetch(new URL(path, at.url), {
      method,
      ...(method === "GET" ? {} : { body: JSON.stringify(LIST) }),
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
    });
    await response.body?.cancel();
    assert.equal(response.status, status);
    await stillServes(at);
  });
}

/** Sends bytes over a connection of its own and gives what comes back until `until` does, or the end. */
async function raw(
  at: Scene,
  text: string,
  until: RegExp,
): Promise<{ conn: Deno.TcpConn; got: string }> {
  const conn = await Deno.connect({ port: Number(at.url.port) });
  await conn.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(65536);
  let got = "";
  while (!until.test(got)) {
    const count = await conn.read(buffer);
    if (count === null) break;
    got += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return { conn, got };
}

function request(body: unknown, headers: string): string {
  const text = JSON.stringify(body);
  return `POST /mcp HTTP/1.1\r\n${headers}content-type: application/json\r\n` +
    `accept: application/json, text/event-stream\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
}

for (
  const [host, status] of [
    ["supervise:9100", 200],
    ["127.0.0.1:9100", 200],
    ["localhost", 200],
    ["example.net", 403],
    ["supervise.example.net", 403],
    ["", 403],
  ] as const
) {
  Deno.test(`Host ${JSON.stringify(host)} is answered ${status}`, async () => {
    await using at = await openScene();
    const { conn, got } = await raw(at, request(LIST, `Host: ${host}\r\n`), /\r\n\r\n/);
    conn.close();
    assert.match(got, new RegExp(`^HTTP/1.1 ${status} `));
  });
}

Deno.test("a client that disconnects while it waits leaves its proposal, and nothing else", async () => {
  await using at = await openScene({ progressEvery: 10 });
  const call = { ...CALL, params: { ...CALL.params, _meta: { progressToken: "p" } } };
  const { conn, got } = await raw(
    at,
    request(call, "Host: supervise\r\n"),
    /notifications\/progress/,
  );
  assert.match(got, /^HTTP\/1\.1 200 /);
  const { id } = await at.proposal();
  conn.close();
  await stillServes(at);
  const again = rpc(at, { ...CALL, id: 9 });
  await stillServes(at);
  assert.equal(at.pending().length, 1);
  at.respond(id, { status: "rejected", notes: "no" });
  assert.match(JSON.stringify((await again).messages.at(-1)), new RegExp(id));
});

Deno.test("a client that disconnects in the middle of its body leaves nothing", async () => {
  await using at = await openScene();
  const conn = await Deno.connect({ port: Number(at.url.port) });
  await conn.write(new TextEncoder().encode(request(CALL, "Host: supervise\r\n").slice(0, -20)));
  conn.close();
  await stillServes(at);
  assert.deepEqual(at.pending(), []);
});

Deno.test("more calls than may wait at once are answered pending immediately", async () => {
  await using at = await openScene();
  const waiting = Array.from({ length: 64 }, (_, id) => rpc(at, { ...CALL, id }));
  const { id } = await at.proposal();
  const extra = await eventuallyPending(at);
  assert.match(extra, new RegExp(id));
  at.respond(id, { status: "rejected", notes: "no" });
  for (const answer of waiting) {
    assert.match(JSON.stringify((await answer).messages.at(-1)), /rejected|pending/);
  }
});

/** Calls until one is answered pending: the calls before it take all places. */
async function eventuallyPending(at: Scene): Promise<string> {
  const answers: string[] = [];
  const calls = Array.from(
    { length: 8 },
    (_, n) =>
      rpc(at, { ...CALL, id: 100 + n }).then(({ messages }) => {
        answers.push(JSON.stringify(messages.at(-1)));
      }),
  );
  const text = await eventually(() => answers.find((each) => /pending/.test(each)), "an answer");
  void Promise.all(calls);
  return text;
}

Deno.test("a listener that is disposed ends calls that wait", async () => {
  const at = await openScene();
  const answer = rpc(at, CALL).then(() => "answered", () => "cut");
  await at.proposal();
  await at[Symbol.asyncDispose]();
  assert.match(await answer, /answered|cut/);
});
