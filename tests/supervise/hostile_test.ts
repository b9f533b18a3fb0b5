import assert from "node:assert/strict";
import fc from "fast-check";
import { messages, openScene, type Scene } from "./scene.ts";

const METHODS = [
  "initialize",
  "tools/list",
  "tools/call",
  "ping",
  "notifications/cancelled",
  "notifications/initialized",
  "server/discover",
  "subscriptions/listen",
  "completion/complete",
  "logging/setLevel",
  "__proto__",
];
const TOOLS = ["egress-allow", "budget-raise", "proposal-status", "constructor", "toString", ""];

/** Values where a protocol expects others. */
const oddity = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom("", "__proto__", "\u0000", "\ud800", "\u202e", "x".repeat(5000), -1, 1e308),
) as fc.Arbitrary<unknown>;

const message = fc.record({
  jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, { weight: 1, arbitrary: oddity }),
  id: fc.oneof({ weight: 9, arbitrary: fc.integer() as fc.Arbitrary<unknown> }, {
    weight: 1,
    arbitrary: oddity,
  }),
  method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...METHODS) as fc.Arbitrary<unknown> }, {
    weight: 1,
    arbitrary: oddity,
  }),
  params: fc.oneof(
    fc.record({
      name: fc.oneof(fc.constantFrom(...TOOLS) as fc.Arbitrary<unknown>, oddity),
      arguments: fc.oneof(
        fc.record({
          routes_yaml: oddity,
          justification: oddity,
          scope: oddity,
          amount: oddity,
          id: oddity,
        }, { requiredKeys: [] }) as fc.Arbitrary<unknown>,
        oddity,
      ),
      _meta: fc.oneof(
        fc.record({ progressToken: oddity }) as fc.Arbitrary<unknown>,
        fc.record({
          "io.modelcontextprotocol/protocolVersion": fc.oneof(fc.constant("2026-07-28"), oddity),
          "io.modelcontextprotocol/clientInfo": oddity,
          "io.modelcontextprotocol/clientCapabilities": fc.oneof(fc.constant({}), oddity),
        }, { requiredKeys: [] }) as fc.Arbitrary<unknown>,
        oddity,
      ),
    }, { requiredKeys: [] }) as fc.Arbitrary<unknown>,
    oddity,
  ),
}, { requiredKeys: ["jsonrpc"] });

async function serves(at: Scene): Promise<void> {
  const response = await at.post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  const [answer] = await messages(response);
  assert.equal((answer?.result as { tools: unknown[] }).tools.length, 5);
}

Deno.test("whatever is sent is answered or refused, and the server goes on", async () => {
  await using at = await openScene({ timeout: 5, progressEvery: 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(message as fc.Arbitrary<unknown>, fc.array(message, { maxLength: 3 })),
      fc.constantFrom(undefined, "2024-11-05", "2025-11-25", "2026-07-28"),
      async (body, version) => {
        const headers: Record<string, string> = version === undefined
          ? {}
          : { "mcp-protocol-version": version };
        // A subscription stays open, so that not every answer has an end.
        const abort = AbortSignal.timeout(2_000);
        const response = await fetch(at.url, {
          method: "POST",
          body: JSON.stringify(body),
          signal: abort,
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            ...headers,
          },
        });
        const reader = response.body?.getReader();
        await reader?.read();
        await reader?.cancel();
        assert.ok(response.status < 600);
        assert.notEqual(response.status, 500);
      },
    ),
    { numRuns: 400 },
  );
  assert.deepEqual(at.defects, []);
  await serves(at);
});

Deno.test("bytes that are no HTTP are refused, and the server goes on", async () => {
  await using at = await openScene();
  await serves(at);
  for (
    const text of [
      "\0\0\0\0",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nHost: supervise\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /mcp HTTP/1.1\r\nHost: supervise\r\nContent-Length: -5\r\n\r\n",
      "POST http://example.net/mcp HTTP/1.1\r\nHost: supervise\r\nContent-Length: 0\r\n\r\n",
      "POST //example.net/mcp HTTP/1.1\r\nHost: supervise\r\nContent-Length: 0\r\n\r\n",
      `POST /mcp HTTP/1.1\r\nHost: supervise\r\nX: ${"y".repeat(100_000)}\r\n\r\n`,
      "CONNECT example.net:443 HTTP/1.1\r\nHost: example.net\r\n\r\n",
      "GET /mcp HTTP/1.1\r\nHost: supervise\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ]
  ) {
    const conn = await Deno.connect({ port: Number(at.url.port) });
    let got = "";
    try {
      await conn.write(new TextEncoder().encode(text));
      await conn.closeWrite();
      const buffer = new Uint8Array(4096);
      for (let count; (count = await conn.read(buffer)) !== null;) {
        got += new TextDecoder().decode(buffer.subarray(0, count));
        if (got.includes("\r\n\r\n")) break;
      }
    } catch { /* the connection was cut */ }
    conn.close();
    assert.doesNotMatch(got, /^HTTP\/1\.1 (2|500)/, text);
    await serves(at);
  }
  assert.deepEqual(at.defects, []);
});
