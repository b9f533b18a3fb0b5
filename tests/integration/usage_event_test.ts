import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import type { Json } from "../../core/event.ts";
import { EgressFixture, type FixtureOptions } from "../support/egress_fixture.ts";
import { Flag, Frame, getFields, Http2Client } from "../support/http2_client.ts";
import type { RawClient } from "../support/raw_client.ts";
import { plainAnswer, RecordingUpstream, type Respond } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

const HOST = "models.example.org";
const ROUTE = {
  host: HOST,
  model_api: { kind: "anthropic-messages" },
  dlp: { inbound_detectors: false, outbound_detectors: false },
};

const START =
  'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-1","usage":' +
  '{"input_tokens":11,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}}}\n\n';
const TEXT = 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":' +
  '{"type":"text_delta","text":"hello"}}\n\n';
const END =
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},' +
  '"usage":{"output_tokens":6}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n';
const STREAM = START + TEXT + END;
/** Of a stream that goes on. */
const FLUSHED = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const EVENTS = ["Content-Type: text/event-stream"];
const COUNTED = {
  type: "usage",
  host: HOST,
  rule: HOST,
  api: "anthropic-messages",
  model: "claude-1",
  input: 11,
  output: 6,
  cache_read: 5,
  cache_write: 2,
  reasoning: 0,
  complete: true,
};
const CUT = { ...COUNTED, output: 1, complete: false };
const UNKNOWN = { ...CUT, model: "", input: 0, output: 0, cache_read: 0, cache_write: 0 };

/** A proxy with one route to a model's API. */
class ModelScene implements AsyncDisposable {
  private constructor(readonly upstream: RecordingUpstream, readonly egress: EgressFixture) {}

  static async start(respond: Respond, route = {}, options: Partial<FixtureOptions> = {}) {
    const roots = new TestAuthority();
    const upstream = RecordingUpstream.tls(roots, HOST, respond);
    const egress = await EgressFixture.start({
      routes: [{ ...ROUTE, ...route }],
      upstreams: [upstream],
      roots,
      ...options,
    });
    return new ModelScene(upstream, egress);
  }

  tunnel(): Promise<RawClient> {
    return this.egress.tunnel(`${HOST}:443`);
  }

  usage(): Json[] {
    return this.egress.events.filter(({ type }) => type === "usage") as unknown as Json[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.egress[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
  }
}

function post(path = "/v1/messages", fields: readonly string[] = []): string {
  const json = ["Content-Type: application/json", "Content-Length: 2"];
  const lines = [`POST ${path} HTTP/1.1`, `Host: ${HOST}`, ...json, ...fields];
  return `${lines.join("\r\n")}\r\n\r\n{}`;
}

async function until(done: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not come to that in time");
}

/** A promise and what resolves it. */
const gate = () => Promise.withResolvers<void>();

Deno.test("what a model's answer used is in the log, before the client has its last bytes, for each request", async () => {
  await using scene = await ModelScene.start(() => plainAnswer(STREAM, EVENTS));
  using client = await scene.tunnel();
  for (const round of [1, 2]) {
    const answer = await client.ask(post());
    assert.equal(answer?.body.toString(), STREAM);
    assert.deepEqual(scene.usage(), Array(round).fill(COUNTED));
    assert.deepEqual(scene.egress.events.slice(-2).map(({ type }) => type), ["usage", "egress"]);
  }
});

const CODINGS: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ["gzip", (bytes) => zlib.gzipSync(bytes)],
  ["deflate", (bytes) => zlib.deflateSync(bytes)],
  ["br", (bytes) => zlib.brotliCompressSync(bytes)],
  ["gzip, br", (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes))],
];

for (const [coding, encode] of CODINGS) {
  Deno.test(`an answer in ${coding} is counted, and the client gets the very bytes`, async () => {
    const coded = encode(Buffer.from(STREAM));
    await using scene = await ModelScene.start(() =>
      plainAnswer(coded, [...EVENTS, `Content-Encoding: ${coding}`])
    );
    using client = await scene.tunnel();
    const answer = await client.ask(post());
    assert.deepEqual(answer?.body, coded);
    assert.equal(answer?.headers.get("content-encoding"), coding);
    await until(() => scene.usage().length > 0);
    assert.deepEqual(scene.usage(), [COUNTED]);
  });
}

Deno.test("a route that adds a credential counts compressed answers too", async () => {
  await using scene = await ModelScene.start(
    () => plainAnswer(zlib.gzipSync(STREAM), [...EVENTS, "Content-Encoding: gzip"]),
    { auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" } },
    { tokens: { EGRESS_TOKEN_0: `real-${crypto.randomUUID()}` } },
  );
  using client = await scene.tunnel();
  assert.equal((await client.ask(post()))?.body.toString(), STREAM);
  assert.deepEqual(scene.usage(), [COUNTED]);
});

Deno.test("a compressed stream is passed on event by event, and counted at its last one", async () => {
  const pieces = [
    zlib.gzipSync(START, FLUSHED),
    zlib.deflateRawSync(TEXT, FLUSHED),
    zlib.deflateRawSync(END, FLUSHED),
  ];
  const gates = pieces.map(() => gate());
  await using scene = await ModelScene.start(async (_request, peer) => {
    await peer.write(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n",
    );
    for (const [at, piece] of pieces.entries()) {
      await gates[at]!.promise;
      await peer.write(`${piece.length.toString(16)}\r\n`);
      await peer.write(piece);
      await peer.write("\r\n");
    }
    return "close"; // in the midst of it
  });
  using client = await scene.tunnel();
  await client.send(post());
  await client.source.takeThrough("\r\n\r\n", 10_000);
  let coded = Buffer.alloc(0);
  for (const [at, text] of [START, START + TEXT, STREAM].entries()) {
    assert.deepEqual(scene.usage(), []);
    gates[at]!.resolve();
    const wanted = pieces.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0);
    while (coded.length < wanted) {
      const size = (await client.source.takeThrough("\r\n", 10_000))!.toString();
      coded = Buffer.concat([coded, await client.source.take(parseInt(size, 16), 10_000)]);
      await client.source.take(2, 10_000);
    }
    assert.equal(zlib.gunzipSync(coded, FLUSHED).toString(), text);
  }
  await until(() => scene.usage().length > 0);
  assert.deepEqual(scene.usage(), [COUNTED]);
});

Deno.test("an answer that is cut counts what was seen of it: by its upstream, by its client, compressed", async () => {
  const headOf = (fields: readonly string[]) =>
    `HTTP/1.1 200 OK\r\n${
      [...EVENTS, ...fields].join("\r\n")
    }\r\nContent-Length: 100000000\r\n\r\n`;
  const begun = START + TEXT;
  const plain = [[], Buffer.from(begun), Buffer.from(TEXT)] as const;
  const coded = [
    ["Content-Encoding: gzip"],
    zlib.gzipSync(begun, FLUSHED),
    zlib.deflateRawSync(TEXT, FLUSHED),
  ] as const;
  for (const [fields, body, more] of [plain, coded]) {
    for (const leaver of ["upstream", "client"]) {
      await using scene = await ModelScene.start(async (_request, peer) => {
        await peer.write(headOf(fields));
        await peer.write(body);
        // Whether the client is there shows when it is sent something.
        while (leaver === "client") await peer.write(more);
        return "close";
      });
      {
        using client = await scene.tunnel();
        await client.send(post());
        await client.source.takeThrough("\r\n\r\n", 10_000);
        await client.source.take(body.length, 10_000);
      }
      await until(() => scene.egress.events.length === 2);
      assert.deepEqual(scene.usage(), [CUT], `${leaver} ${fields}`);
    }
  }
});

Deno.test("an answer that cannot be decoded is passed on as it is, and its use is not known", async () => {
  for (const coding of ["zstd", "gzip"]) {
    await using scene = await ModelScene.start(() =>
      plainAnswer("no such coding", [...EVENTS, `Content-Encoding: ${coding}`])
    );
    using client = await scene.tunnel();
    const answer = await client.ask(post("/v1/messages", ["Accept-Encoding: zstd, gzip, br"]));
    assert.equal(answer?.body.toString(), "no such coding");
    await until(() => scene.usage().length > 0);
    assert.deepEqual(scene.usage(), [UNKNOWN]);
    // Such an answer was not asked for.
    assert.equal(scene.upstream.onlyRequest.headers.get("accept-encoding"), "gzip, br");
  }
});

Deno.test("an answer that says in no known way what it used is told of, on an endpoint that uses tokens", async () => {
  const message = '{"type":"message","usage":{"input_tokens":1,"output_tokens":1}}';
  const answers: Readonly<Record<string, Buffer>> = {
    "UTF-16": plainAnswer(Buffer.from(STREAM, "utf16le"), [
      "Content-Type: text/event-stream; charset=utf-16",
    ]),
    "a list": plainAnswer(`[${message}]`, ["Content-Type: application/json"]),
    "no JSON": plainAnswer("done", ["Content-Type: text/plain"]),
    "a part": plainAnswer(message.slice(0, 30), ["Content-Type: text/plain"], "206 Partial"),
  };
  for (const [what, answer] of Object.entries(answers)) {
    await using scene = await ModelScene.start(() => answer);
    using client = await scene.tunnel();
    await client.ask(post());
    assert.deepEqual(scene.usage(), [UNKNOWN], what);
    await client.ask(post());
    assert.deepEqual(scene.usage(), [UNKNOWN, UNKNOWN], what);
  }
});

Deno.test("a request that its client leaves before the answer has used something", async () => {
  await using scene = await ModelScene.start(async (_request, peer) => {
    await peer.source.rest(60_000).catch(() => {});
    return "close";
  });
  using client = await Http2Client.start(await scene.egress.tunnel(`${HOST}:443`, ["h2"]));
  for (const [at, path] of ["/v1/messages/count_tokens", "/v1/messages"].entries()) {
    const stream = at * 2 + 1;
    const fields = getFields(HOST, path, [["content-type", "application/json"]])
      .map(([name, value]) => [name, name === ":method" ? "POST" : value] as const);
    await client.request(stream, fields, false);
    await client.send(Frame.data, Flag.endStream, stream, Buffer.from("{}"));
    await until(() => scene.upstream.requests.length === at + 1);
    await client.send(Frame.resetStream, 0, stream, Buffer.from([0, 0, 0, 8]));
    await until(() => scene.egress.events.filter(({ type }) => type === "egress").length > at);
  }
  await until(() => scene.usage().length > 0);
  assert.deepEqual(scene.usage(), [UNKNOWN]);
});

Deno.test("a request that its upstream does not answer has no use", async () => {
  await using scene = await ModelScene.start(() => "close");
  using client = await scene.tunnel();
  assert.equal((await client.ask(post()))?.status, 502);
  assert.deepEqual(scene.usage(), []);
});

Deno.test("what uses no tokens is not counted: counting them, a refusal, another method, another host", async () => {
  const json = ["Content-Type: application/json"];
  const answers: Respond = ({ target, method, headers }) =>
    target === "/v1/messages/count_tokens"
      ? plainAnswer('{"input_tokens":2095}', json)
      : headers.has("limited")
      ? plainAnswer(
        '{"type":"message","usage":{"input_tokens":1,"output_tokens":1}}',
        json,
        "429 No",
      )
      : plainAnswer(method === "HEAD" ? "" : STREAM, EVENTS);
  {
    await using scene = await ModelScene.start(answers);
    using client = await scene.tunnel();
    assert.equal((await client.ask(post("/v1/messages/count_tokens")))?.status, 200);
    assert.equal((await client.ask(post("/v1/messages", ["Limited: yes"])))?.status, 429);
    const get = await client.ask(`GET /v1/messages HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    assert.equal(get?.body.toString(), STREAM);
    assert.deepEqual(scene.usage(), []);
    assert.equal(scene.egress.events.length, 3);
  }
  await using scene = await ModelScene.start(answers, { model_api: undefined });
  using client = await scene.tunnel();
  assert.equal((await client.ask(post()))?.body.toString(), STREAM);
  assert.deepEqual(scene.usage(), []);
});

Deno.test("use is counted also where requests are not logged", async () => {
  await using scene = await ModelScene.start(() => plainAnswer(STREAM, EVENTS), {}, { log: 0 });
  using client = await scene.tunnel();
  await client.ask(post());
  assert.deepEqual(scene.egress.events, [COUNTED]);
});

Deno.test("the name of a model is upstream text: one line, cut, without secrets", async () => {
  const secret = `real-${crypto.randomUUID()}`;
  const model = `a\u001b[2J\n\u202e${secret}${"x".repeat(300)}`;
  await using scene = await ModelScene.start(
    () => plainAnswer(STREAM.replace('"claude-1"', JSON.stringify(model)), EVENTS),
    {},
    { secrets: [{ name: "TOKEN", value: secret }] },
  );
  using client = await scene.tunnel();
  await client.ask(post());
  const [event] = scene.usage() as { model: string }[];
  assert.match(event!.model, /^a\ufffd\[2J\ufffd\ufffd/);
  assert.ok(event!.model.length <= 128);
  assert.ok(!JSON.stringify(scene.egress.events).includes(secret));
});

Deno.test("an answer that ends again and again makes two events, not thousands", async () => {
  await using scene = await ModelScene.start(() => plainAnswer(STREAM.repeat(1_000), EVENTS));
  using client = await scene.tunnel();
  await client.ask(post());
  assert.deepEqual(scene.usage(), [
    COUNTED,
    { ...COUNTED, input: 999 * 11, output: 999 * 6, cache_read: 999 * 5, cache_write: 999 * 2 },
  ]);
});

Deno.test("a stream that is silent when the proxy ends is in the log, with what was counted of it", async () => {
  for (
    const [fields, body] of [
      ["", Buffer.from(START)],
      ["Content-Encoding: gzip\r\n", zlib.gzipSync(START, FLUSHED)],
    ] as const
  ) {
    await using scene = await ModelScene.start(async (_request, peer) => {
      const head = `HTTP/1.1 200 OK\r\n${EVENTS[0]}\r\n${fields}Content-Length: 100000\r\n\r\n`;
      await peer.write(head);
      await peer.write(body);
      await peer.source.rest(60_000);
      return "close";
    });
    using client = await scene.tunnel();
    await client.send(post());
    await client.source.takeThrough("\r\n\r\n", 10_000);
    await client.source.take(body.length, 10_000);
    await scene.egress.proxy.drain(1);
    assert.deepEqual(scene.egress.events.map(({ type }) => type), ["egress", "usage"]);
    assert.deepEqual(scene.usage(), [CUT]);
  }
});
