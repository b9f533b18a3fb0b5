import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Frame, getFields, Http2Client } from "../support/http2_client.ts";
import { openBareTunnel, PATIENCE, RawClient } from "../support/raw_client.ts";
import type { Respond } from "../support/recording_upstream.ts";
import {
  closeStatus,
  echoFrames,
  handshake,
  Opcode,
  readFrame,
  switching,
  webSocketFrame,
} from "../support/websocket_client.ts";
import { ALLOWED, ATTACKER, get, post, Scene } from "./egress_scene.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

Deno.test("B4 HTTP/2 without ALPN is not spoken, in the tunnel or in front of it", async () => {
  await using scene = await Scene.start();
  using inside = await scene.tunnel();
  scene.assertRefused(await inside.ask(PREFACE), "unsupported_version");
  using outside = await scene.egress.client();
  scene.assertRefused(await outside.ask(PREFACE), "unsupported_version");
  using bare = new RawClient(await openBareTunnel(scene.egress.port, `${ALLOWED}:443`));
  await bare.send(PREFACE);
  assert.ok(await bare.closes());
  scene.assertNothingSent();
});

for (const token of ["h2c", "h2", "HTTP/2.0", "TLS/1.0", "connect-udp", "websocket, h2c"]) {
  Deno.test(`B4 Upgrade: ${token} does not reach the upstream`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    const answer = await client.ask(get("/", [
      "Connection: Upgrade, HTTP2-Settings",
      `Upgrade: ${token}`,
      "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
    ]));
    assert.equal(answer?.status, 200);
    assert.doesNotMatch(
      scene.allowed.onlyRequest.head,
      /^(?:upgrade|http2-settings|connection):/im,
    );
  });
}

Deno.test("B4 an upstream that switches protocols unasked is cut off", async () => {
  await using scene = await Scene.start({
    respond: () =>
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
  });
  using client = await scene.tunnel();
  const asked = get("/", ["Connection: Upgrade", "Upgrade: h2c"]);
  scene.assertDenied(await client.ask(asked), "upstream_protocol");
});

/** Header lists that break RFC 9113 section 8; none may become an HTTP/1.1 request. */
const MALFORMED_STREAMS: readonly (readonly [string, (readonly [string, string])[]])[] = [
  ["another :authority", getFields(ATTACKER, "/")],
  ["an empty :authority", getFields("", "/")],
  ["a :authority with user info", getFields(`user@${ALLOWED}`, "/")],
  ["a Host that differs from :authority", getFields(ALLOWED, "/", [["host", ATTACKER]])],
  ["two Hosts", getFields(ALLOWED, "/", [["host", ALLOWED], ["host", ATTACKER]])],
  ["two :authority", [...getFields(ALLOWED, "/"), [":authority", ATTACKER]]],
  ["two :path", [...getFields(ALLOWED, "/"), [":path", "/admin"]]],
  [
    "a pseudo-header after a header",
    [[":method", "GET"], [":scheme", "https"], ["x", "a"], [":authority", ALLOWED], [":path", "/"]],
  ],
  ["an unknown pseudo-header", [...getFields(ALLOWED, "/"), [":evil", "1"]]],
  ["no :path", [[":method", "GET"], [":scheme", "https"], [":authority", ALLOWED]]],
  ["an empty :path", getFields(ALLOWED, "")],
  ["a :path in absolute form", getFields(ALLOWED, `https://${ATTACKER}/`)],
  ["a :path with a line break", getFields(ALLOWED, "/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /")],
  ["a :method with a line break", [
    [":method", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"],
    ...getFields(ALLOWED, "/").slice(1),
  ]],
  ["a :method with a space", [[":method", "GET /admin"], ...getFields(ALLOWED, "/").slice(1)]],
  ["transfer-encoding", getFields(ALLOWED, "/", [["transfer-encoding", "chunked"]])],
  ["connection", getFields(ALLOWED, "/", [["connection", "x"]])],
  ["te other than trailers", getFields(ALLOWED, "/", [["te", "gzip"]])],
  ["a name with upper case", getFields(ALLOWED, "/", [["X-Upper", "1"]])],
  [
    "two content-lengths",
    getFields(ALLOWED, "/", [["content-length", "0"], ["content-length", "5"]]),
  ],
];
for (const [what, fields] of MALFORMED_STREAMS) {
  Deno.test(`B5 a stream with ${what} is refused`, async () => {
    await using scene = await Scene.start();
    using client = await Http2Client.start(await scene.tunnel(["h2"]));
    await client.request(1, fields);
    const { status, reset, goAway, closed } = await client.outcome(1);
    const refused = (status !== undefined && status >= 400 && status < 500) ||
      reset !== undefined || goAway !== undefined || closed;
    assert.ok(refused, `the stream was answered with ${status}`);
    scene.assertNothingSent();
  });
}

for (
  const [what, fields] of [
    ["line breaks", [["x", "a\r\nx-injected: b"]]],
    ["a line break alone", [["x", "a\nx-injected: b"]]],
    ["NUL", [["x", "a\0b"]]],
    ["a name with a colon", [["x:injected", "b"]]],
    ["a name with a line break", [["x\r\ninjected", "b"]]],
  ] as const
) {
  Deno.test(`B5 a field with ${what} does not become another field upstream`, async () => {
    await using scene = await Scene.start();
    using client = await Http2Client.start(await scene.tunnel(["h2"]));
    await client.request(1, getFields(ALLOWED, "/", fields));
    await client.outcome(1);
    for (const { head } of scene.allowed.requests) assert.doesNotMatch(head, /injected|^x/im);
  });
}

Deno.test("B5 a flood of CONTINUATION frames is cut off", async () => {
  await using scene = await Scene.start();
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.send(Frame.headers, 1, 1, Buffer.alloc(0));
  const filler = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.from("x"),
    Buffer.from([100]),
    Buffer.alloc(100, 97),
  ]);
  let frames = 0;
  try {
    for (; frames < 20_000; frames++) await client.send(Frame.continuation, 0, 1, filler);
  } catch { /* cut off */ }
  const { goAway, closed } = await client.outcome(1);
  assert.ok(goAway !== undefined || closed);
  scene.assertNothingSent();
});

const OVERRIDES = [
  "X-HTTP-Method-Override: DELETE",
  "X-HTTP-Method: DELETE",
  "X-Method-Override: DELETE",
];
for (const override of OVERRIDES) {
  Deno.test(`B9 ${override} does not reach the upstream`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route({ matches: [{ methods: ["GET"] }] })]);
    using client = await scene.tunnel();
    for (let request = 0; request < 2; request++) {
      assert.equal((await client.ask(get("/", [override])))?.status, 200);
    }
    for (const { head } of scene.allowed.requests) {
      assert.doesNotMatch(head, /override|x-http|DELETE/i);
    }
  });
}

for (const method of ["TRACE", "TRACK", "DEBUG", "get", "GET\u0131", "PURGE"]) {
  Deno.test(`B9 ${method} is refused and echoes no credential`, async () => {
    await using scene = await Scene.start({ respond: ({ head }) => echo(head) });
    using client = await scene.tunnel();
    const answer = await client.ask(`${method} / HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`);
    scene.assertRefused(answer, "method_refused", "method_not_allowed", "malformed_request");
    scene.assertTokenKept(answer);
  });
}

Deno.test("B9 an OPTIONS answer that echoes the request has no credential in it", async () => {
  await using scene = await Scene.start({ respond: ({ head }) => echo(head) });
  using client = await scene.tunnel();
  const answer = await client.ask(`OPTIONS / HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`);
  assert.equal(answer?.status, 200);
  assert.match(String(answer.body), /authorization: bearer \*+/i);
  scene.assertTokenKept(answer);
});

function echo(head: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`;
}

Deno.test("B11 a body that nobody looks at arrives as it is, whatever its type or coding claims", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ dlp: { outbound_detectors: false } })]);
  using client = await scene.tunnel();
  const fields = [
    "Transfer-Encoding: chunked",
    "Content-Type: image/png",
    "Content-Encoding: gzip",
  ];
  const answer = await client.ask(post("/", fields, "3\r\nnot\r\n4\r\ngzip\r\n0\r\n\r\n"));
  assert.equal(answer?.status, 200);
  assert.equal(String(scene.allowed.onlyRequest.body), "notgzip");
  assert.equal(scene.allowed.onlyRequest.headers.get("content-encoding"), "gzip");
});

Deno.test("B12 a WebSocket where matches narrow the route needs a match that names it", async () => {
  await using scene = await Scene.start({ respond: echoFrames });
  const paths = [{ value: "/ws" }];
  scene.egress.reload([scene.route({ matches: [{ paths }] })]);
  using client = await scene.tunnel();
  scene.assertRefused(await client.ask(handshake(ALLOWED, "/ws")), "upgrade_not_allowed");
  scene.egress.reload([
    scene.route({ matches: [{ paths, headers: [{ name: "upgrade", value: "websocket" }] }] }),
  ]);
  assert.equal((await client.ask(handshake(ALLOWED, "/ws")))?.status, 101);
  assert.equal(scene.allowed.onlyRequest.headers.get("authorization"), `Bearer ${scene.token}`);
});

Deno.test("B12 text and binary messages pass as they are, both ways, and fragments as the message they make", async () => {
  await using scene = await Scene.start({ respond: echoFrames });
  using client = await scene.tunnel();
  assert.equal((await client.ask(handshake(ALLOWED)))?.status, 101);
  const binary = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at & 255));
  for (const [opcode, payload] of [[Opcode.text, "hell\u00f6"], [Opcode.binary, binary]] as const) {
    await client.send(webSocketFrame(opcode, payload, { masked: true }));
    const frame = await readFrame(client.source, PATIENCE);
    assert.equal(frame?.opcode, opcode);
    assert.deepEqual(frame.payload, Buffer.from(payload as string));
  }
  await client.send(webSocketFrame(Opcode.text, "one ", { masked: true, final: false }));
  await client.send(webSocketFrame(Opcode.ping, "between", { masked: true }));
  await client.send(webSocketFrame(Opcode.continuation, "message", { masked: true }));
  const received: [number | undefined, string][] = [];
  for (let frames = 0; frames < 2; frames++) {
    const frame = await readFrame(client.source, PATIENCE);
    received.push([frame?.opcode, String(frame?.payload)]);
  }
  assert.deepEqual(received, [[Opcode.pong, "between"], [Opcode.text, "one message"]]);
});

const BAD_FRAMES: readonly (readonly [string, Buffer, number])[] = [
  ["a reserved bit", webSocketFrame(Opcode.text, "x", { masked: true, reserved: 4 }), 1002],
  ["a reserved opcode", webSocketFrame(3, "x", { masked: true }), 1002],
  ["no mask", webSocketFrame(Opcode.text, "x"), 1002],
  ["a fragmented ping", webSocketFrame(Opcode.ping, "x", { masked: true, final: false }), 1002],
  ["a ping of 126 bytes", webSocketFrame(Opcode.ping, "x".repeat(126), { masked: true }), 1002],
  ["a continuation of nothing", webSocketFrame(Opcode.continuation, "x", { masked: true }), 1002],
  [
    "a length of 2^62",
    webSocketFrame(Opcode.text, "x", { masked: true, length64: 1n << 62n }),
    1009,
  ],
];
for (const [what, frame, status] of BAD_FRAMES) {
  Deno.test(`B12 a client's frame with ${what} closes both sides with ${status}`, async () => {
    let told: number | undefined;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => finish = resolve);
    const watch: Respond = async (request, peer) => {
      await peer.write(switching(request));
      told = closeStatus(await readFrame(peer.source, PATIENCE));
      finish();
      return "close";
    };
    await using scene = await Scene.start({ respond: watch });
    using client = await scene.tunnel();
    assert.equal((await client.ask(handshake(ALLOWED)))?.status, 101);
    await client.send(frame);
    assert.equal(closeStatus(await readFrame(client.source, PATIENCE)), status);
    await finished;
    assert.equal(told, status, "the frame itself must not arrive");
  });
}

Deno.test("B12 an upstream's masked or compressed frame closes both sides", async () => {
  for (const options of [{ masked: true }, { reserved: 4 }]) {
    const respond: Respond = async (request, peer) => {
      await peer.write(switching(request));
      await peer.write(webSocketFrame(Opcode.text, "x", options));
      await peer.source.more(PATIENCE).catch(() => false);
      return "close";
    };
    await using scene = await Scene.start({ respond });
    using client = await scene.tunnel();
    assert.equal((await client.ask(handshake(ALLOWED)))?.status, 101);
    assert.equal(closeStatus(await readFrame(client.source, PATIENCE)), 1002);
  }
});

const BAD_ANSWERS: readonly (readonly [string, (good: string) => string])[] = [
  ["another accept key", (good) => good.replace(/(Accept: )..../, "$1AAAA")],
  ["no accept key", (good) => good.replace(/Sec-WebSocket-Accept[^\r]*\r\n/, "")],
  ["an extension", (good) => good.replace(/\r\n\r\n$/, "\r\nSec-WebSocket-Extensions: x\r\n\r\n")],
];
for (const [what, change] of BAD_ANSWERS) {
  Deno.test(`B12 an upstream's handshake answer with ${what} opens nothing`, async () => {
    await using scene = await Scene.start({
      respond: (request) => change(switching(request)),
    });
    using client = await scene.tunnel();
    const answer = await client.ask(handshake(ALLOWED));
    scene.assertDenied(answer, "upstream_protocol");
    assert.equal(answer?.status, 502);
  });
}

const HANDSHAKES: readonly (readonly [string, string, number])[] = [
  ["version 8", handshake(ALLOWED).replace("Version: 13", "Version: 8"), 426],
  ["a short key", handshake(ALLOWED).replace(/Key: .*/, "Key: c2hvcnQ="), 400],
];
for (const [what, request, status] of HANDSHAKES) {
  Deno.test(`B12 a handshake with ${what} is answered ${status}`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    const answer = await client.ask(request);
    assert.equal(answer?.status, status);
    scene.assertRefused(answer, "websocket_version", "malformed_request");
  });
}

Deno.test("B12 data after a refused handshake is HTTP again", async () => {
  await using scene = await Scene.start({
    respond: () => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
  });
  using client = await scene.tunnel();
  const frame = webSocketFrame(Opcode.text, "smuggled", { masked: true });
  const answer = await client.ask(handshake(ALLOWED) + frame.toString("latin1"));
  assert.equal(answer?.status, 403);
  assert.equal(scene.allowed.requests.length, 1);
  assert.equal(scene.allowed.onlyRequest.body.length, 0);
});

Deno.test("B13 an event stream flows event by event, and a credential in two pieces is still masked", async () => {
  let step = () => {};
  const respond: Respond = async ({ headers }, peer) => {
    const credential = headers.get("authorization")!;
    const half = Math.floor(credential.length / 2) + 4;
    await peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n");
    await new Promise<void>((resolve) => step = resolve);
    await peer.write(`data: ${credential.slice(0, half)}`);
    await new Promise<void>((resolve) => step = resolve);
    await peer.write(`${credential.slice(half)}\n\ndata: last\n\n`);
    return "close";
  };
  await using scene = await Scene.start({ respond });
  using client = await scene.tunnel();
  await client.send(get("/"));
  await client.source.takeThrough("data: first\n\n", PATIENCE);
  step();
  const second = await client.source.takeThrough("Bearer ", PATIENCE);
  step();
  const rest = await client.source.takeThrough("data: last\n\n", PATIENCE);
  const text = `${second}${rest}`.replaceAll(/\r\n[0-9a-f]+\r\n/g, "");
  assert.ok(!text.includes(scene.token));
  assert.match(text, /Bearer \*{20,}/);
});
