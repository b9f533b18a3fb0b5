import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import {
  Flag,
  Frame,
  frame,
  getFields,
  headerBlock,
  Http2Client,
} from "../support/http2_client.ts";
import { openBareTunnel, RawClient } from "../support/raw_client.ts";
import { playHostileSession } from "../support/http2_campaign.ts";
import { plainAnswer, type Respond } from "../support/recording_upstream.ts";
import { ALLOWED, ATTACKER, Scene } from "./egress_scene.ts";

/** Seeds of a campaign; ten thousand, run by hand, end as well. */
const SEEDS = 240;
const AT_ONCE = 4;
const PRIORITY = 2;
const LARGE = Buffer.alloc(200_000, "large ");

const respond: Respond = async ({ target, method, body }) => {
  if (target === "/large") return plainAnswer(LARGE);
  if (target === "/close") return "close";
  if (target === "/slow") {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return plainAnswer("slow");
  }
  return plainAnswer(method === "POST" ? body : "fine");
};

/** Fails unless another client is served. */
async function assertServes(scene: Scene): Promise<void> {
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  for (let request = 0; request < 2; request++) {
    await client.request(2 * request + 1, getFields(ALLOWED, "/"));
    const { status, body } = await client.outcome(2 * request + 1);
    assert.deepEqual([status, body], [200, "fine"]);
  }
}

Deno.test("hostile HTTP/2 clients neither end the proxy nor stay in it", async () => {
  await using scene = await Scene.start({ respond });
  let seed = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (seed < SEEDS) {
      const mine = seed++;
      const tunnel = await scene.tunnel(["h2"]);
      await playHostileSession(tunnel, mine, { allowed: ALLOWED, denied: ATTACKER });
    }
  }));
  await assertServes(scene);
  const started = performance.now();
  await scene.egress.proxy.drain(10_000);
  assert.ok(performance.now() - started < 8_000, "a session was still open");
});

/** POST instead of GET. */
function postFields(host: string, path: string): (readonly [string, string])[] {
  return [[":method", "POST"], ...getFields(host, path).slice(1)];
}

const nothing = Buffer.alloc(0);
const FLOODS: [
  string,
  (client: Http2Client, send: (frames: Buffer) => Promise<void>) => Promise<void>,
][] = [
  ["PING", (_, send) => send(frame(Frame.ping, 0, 0, Buffer.alloc(8)))],
  ["SETTINGS", (_, send) => send(frame(Frame.settings, 0, 0, nothing))],
  ["PRIORITY", (_, send) => send(frame(PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 9])))],
  ["unknown", (_, send) => send(frame(0x2a, 0, 1, nothing))],
  ["empty DATA", async (client, send) => {
    await client.request(1, postFields(ALLOWED, "/"), false);
    await send(frame(Frame.data, 0, 1, nothing));
  }],
  ["empty CONTINUATION", async (client, send) => {
    await client.send(Frame.headers, Flag.endStream, 1, nothing);
    await send(frame(Frame.continuation, 0, 1, nothing));
  }],
];
for (const [what, flood] of FLOODS) {
  Deno.test(`a flood of ${what} frames is cut off`, async () => {
    await using scene = await Scene.start({ respond });
    const tunnel = await scene.tunnel(["h2"]);
    using client = await Http2Client.start(tunnel);
    const outcome = client.outcome(1, 20_000);
    await flood(client, async (one) => {
      const many = Buffer.concat(Array.from({ length: 1_000 }, () => one));
      try {
        for (let i = 0; i < 200; i++) await tunnel.send(many);
      } catch { /* cut off */ }
    });
    const { goAway, closed } = await outcome;
    assert.ok(closed || goAway === 11, `GOAWAY with ${goAway}`);
    await assertServes(scene);
    assert.ok(
      scene.egress.events.some(({ code }) => code === "malformed_request"),
      "it is recorded",
    );
  });
}

Deno.test("a flood of streams that the client makes the proxy reset is cut off", async () => {
  await using scene = await Scene.start({ respond });
  const tunnel = await scene.tunnel(["h2"]);
  using client = await Http2Client.start(tunnel);
  const outcome = client.outcome(1_000_001);
  const zero = Buffer.alloc(4);
  try {
    for (let stream = 1; stream < 10_000; stream += 2) {
      await client.request(stream, getFields(ALLOWED, "/slow"));
      await client.send(Frame.windowUpdate, 0, stream, zero);
    }
  } catch { /* cut off */ }
  const { goAway, closed } = await outcome;
  assert.ok(closed || goAway === 11);
  assert.ok(scene.allowed.requests.length < 1_000);
  await assertServes(scene);
});

Deno.test("a header block that unpacks to megabytes is refused, and the connection goes on", async () => {
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  const large = Buffer.concat([
    Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), // kept in the table: x, of 4,000 bytes
    Buffer.alloc(4_000, "a"),
  ]);
  const bomb = Buffer.concat([
    headerBlock(getFields(ALLOWED, "/")),
    large,
    Buffer.alloc(8_000, 0xbe),
  ]);
  await client.send(Frame.headers, Flag.endHeaders | Flag.endStream, 1, bomb);
  assert.equal((await client.outcome(1)).status, 431);
  scene.assertNothingSent();
  await client.request(3, getFields(ALLOWED, "/"));
  assert.equal((await client.outcome(3)).status, 200);
});

Deno.test("an answer keeps to the client's windows, also when they change under way", async () => {
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  const window = (size: number) => {
    const pair = Buffer.from([0, 4, 0, 0, 0, 0]);
    pair.writeUInt32BE(size, 2);
    return client.send(Frame.settings, 0, 0, pair);
  };
  const grow = (stream: number, by: number) => {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(by);
    return client.send(Frame.windowUpdate, 0, stream, payload);
  };
  await window(100);
  await client.request(1, getFields(ALLOWED, "/large"));
  await client.request(3, getFields(ALLOWED, "/"));
  assert.equal((await client.outcome(3)).body, "fine", "a small answer passes a large one");
  await window(0); // 100 bytes less than was sent
  await grow(1, 150);
  await grow(0, 1_000_000);
  await client.request(5, getFields(ALLOWED, "/"));
  await grow(5, 4);
  assert.equal((await client.outcome(5)).body, "fine");
  await window(1_000_000);
  const { body } = await client.outcome(1);
  assert.equal(LARGE.toString().endsWith(body), true);
});

Deno.test("a client that says goodbye still gets the answers that it waits for", async () => {
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, getFields(ALLOWED, "/slow"));
  await client.send(Frame.goAway, 0, 0, Buffer.alloc(8));
  const raw = await answerPassingGoAway(client, 1);
  assert.equal(raw, "slow");
});

/** The body of an answer before which the server, too, says goodbye. */
async function answerPassingGoAway(client: Http2Client, stream: number): Promise<string> {
  const first = await client.outcome(stream);
  if (first.goAway === undefined) return first.body;
  assert.equal(first.goAway, 0);
  return (await client.outcome(stream)).body;
}

Deno.test("a session that begins while the proxy drains is told so, and does not hold it up", async () => {
  await using scene = await Scene.start({ respond });
  const bare = await openBareTunnel(scene.egress.port, `${ALLOWED}:443`);
  const started = performance.now();
  const drained = scene.egress.proxy.drain(20_000);
  const tls = await Deno.startTls(bare, {
    hostname: ALLOWED,
    caCerts: [scene.egress.trust],
    alpnProtocols: ["h2"],
  });
  using client = await Http2Client.start(new RawClient(tls));
  assert.equal((await client.outcome(1)).goAway, 0);
  await drained;
  assert.ok(performance.now() - started < 18_000, "it was waited for");
});

Deno.test("what an upstream says in single bytes comes whole", async () => {
  const chunks = "1\r\na\r\n".repeat(20_000);
  await using scene = await Scene.start({
    respond: () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
  });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  for (const stream of [1, 3]) {
    await client.request(stream, getFields(ALLOWED, "/"));
    assert.equal((await client.outcome(stream)).body, "a".repeat(20_000));
  }
});

Deno.test("an upload that is refused is answered before its end, and then stopped", async () => {
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, postFields(ATTACKER, "/"), false);
  await client.send(Frame.data, 0, 1, Buffer.alloc(1_000));
  assert.equal((await client.outcome(1)).status, 421);
  assert.equal((await client.outcome(1)).reset, 0, "NO_ERROR, RFC 9113 section 8.1");
  await client.send(Frame.data, Flag.endStream, 1, Buffer.alloc(1_000)); // was under way
  await client.request(3, getFields(ALLOWED, "/"));
  assert.equal((await client.outcome(3)).status, 200);
});

Deno.test("trailers end a body, and go nowhere", async () => {
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, postFields(ALLOWED, "/"), false);
  await client.send(Frame.data, 0, 1, Buffer.from("body"));
  await client.send(
    Frame.headers,
    Flag.endHeaders | Flag.endStream,
    1,
    headerBlock([["x-trailer", "1"]]),
  );
  assert.equal((await client.outcome(1)).body, "body");
  assert.doesNotMatch(scene.allowed.onlyRequest.head, /x-trailer/i);
});

Deno.test("a request whose trailers hold a pseudo-header does not reach the upstream", async () => {
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, postFields(ALLOWED, "/"), false);
  await client.send(
    Frame.headers,
    Flag.endHeaders | Flag.endStream,
    1,
    headerBlock([[":path", "/admin"]]),
  );
  assert.equal((await client.outcome(1)).status, 400);
  scene.assertNothingSent();
});

/** Twenty uploads at once, twice, over one session of Node.js's client; prints how many came back as they were. */
const UPLOADS = `
  import http2 from "node:http2";
  import net from "node:net";
  import tls from "node:tls";
  const [port, host, ca, value] = process.argv.slice(1);
  const raw = net.connect(Number(port), "127.0.0.1");
  raw.write(\`CONNECT \${host}:443 HTTP/1.1\\r\\nHost: \${host}:443\\r\\n\\r\\n\`);
  raw.once("data", () => {
    const socket = tls.connect({ socket: raw, servername: host, ca, ALPNProtocols: ["h2"] });
    socket.once("secureConnect", () => run(http2.connect("https://" + host, { createConnection: () => socket })));
  });
  const post = (session, body) => new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": "/", "x-value": value });
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => resolve(Buffer.concat(parts).equals(body)));
    stream.on("error", reject);
    stream.end(body);
  });
  async function run(session) {
    const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(400_000 + i, "part " + i));
    let same = 0;
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(bodies.map((body) => post(session, body)));
      same += answers.filter(Boolean).length;
    }
    session.close(() => console.log(same));
  }
`;

Deno.test("another implementation sends and gets megabytes over twenty streams at once", async () => {
  await using scene = await Scene.start({ respond });
  const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("");
  const { stdout, stderr } = await new Deno.Command("node", {
    args: [
      ...["--input-type=module", "--eval", UPLOADS, "--"],
      ...[String(scene.egress.port), ALLOWED, scene.egress.trust, visible],
    ],
  }).output();
  const text = new TextDecoder();
  assert.equal(text.decode(stdout).trim(), "40", text.decode(stderr));
  assert.equal(scene.allowed.requests.length, 40);
  for (const { headers } of scene.allowed.requests) assert.equal(headers.get("x-value"), visible);
});

Deno.test("no native code reads the frames of a client in a sidecar", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "sidecar/main.ts"],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string }[];
  };
  const loaded = modules.map(({ specifier }) => specifier);
  assert.ok(loaded.includes("node:net"), "built-in modules are listed");
  assert.ok(!loaded.includes("node:http2"), "it loads nghttp2");
});
