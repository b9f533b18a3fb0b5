import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { BottleError } from "../../core/errors.ts";
import { createPolicy } from "../../egress/policy.ts";
import { parseRoutesFile } from "../../egress/routes_file.ts";
import { Flag, Frame, getFields, Http2Client } from "../support/http2_client.ts";
import { plainAnswer } from "../support/recording_upstream.ts";
import { ALLOWED, get, post, Scene, TOKEN_REF } from "./egress_scene.ts";

const QUICK = { timeouts: { idle: 600, headers: 600 } };

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

Deno.test("a CONNECT with two Host headers is refused, equal ones too", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  const host = `Host: ${ALLOWED}:443\r\n`;
  const answer = await client.ask(`CONNECT ${ALLOWED}:443 HTTP/1.1\r\n${host}${host}\r\n`);
  scene.assertRefused(answer, "malformed_request");
});

const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];

for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked"]) {
  Deno.test(`a WebSocket handshake with a body (${framing}) is refused`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    const key = `Sec-WebSocket-Key: ${Buffer.alloc(16, 7).toString("base64")}`;
    const answer = await client.ask(`${get("/", [...UPGRADE, key, framing])}0\r\n\r\n`);
    scene.assertRefused(answer, "malformed_request");
  });
}

Deno.test("an unknown expectation behind a known one is refused", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const fields = ["Expect: 100-continue", "Expect: 200-ok", "Content-Length: 0"];
  scene.assertRefused(await client.ask(post("/", fields, "")), "expectation_unknown");
});

Deno.test("a long run of spaces inside a header value costs no time", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const started = performance.now();
  assert.equal((await client.ask(get("/", [`X: a${" ".repeat(60_000)}b`])))?.status, 200);
  assert.ok(performance.now() - started < 1_000);
});

for (
  const header of [
    "X_HTTP_Method_Override: DELETE",
    "X.Http.Method.Override: DELETE",
    "X_Forwarded_Host: attacker.example.org",
    "X-Forwarded: host=attacker.example.org",
    "X-HTTP-Host-Override: attacker.example.org",
    "X-Original-Method: DELETE",
    "X-Envoy-Original-Path: /admin",
    "X_Api_Key: of-the-agent",
    "Private_Token: of-the-agent",
    "Client-IP: 127.0.0.1",
    "X-Remote-User: admin",
  ]
) {
  Deno.test(`${header} does not reach the upstream of a route with a credential`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    assert.equal((await client.ask(get("/", [header])))?.status, 200);
    const { head } = scene.allowed.onlyRequest;
    assert.ok(!head.includes(header.split(":")[0]!), head);
  });
}

for (const name of ["Content_Length", "Content.Length", "Transfer_Encoding", "transfer~encoding"]) {
  Deno.test(`a framing field that is spelled ${name} is refused`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(post("/", [`${name}: 5`], "hello")), "malformed_request");
  });
}

for (
  const path of [
    "/v1/%ef%bc%8e%ef%bc%8e/admin",
    "/v1/./%ef%bc%8e%ef%bc%8e/admin",
    "/v1/%e2%80%a5/admin",
    "/v1/..%ef%bc%8fadmin",
    "/v1/..%e3%80%82/../admin/%e3%80%82/x",
    "/v1/..%20/admin",
    "/v1/..%09/admin",
    "/v1/..%01/admin",
    "/v1/%7f",
    "/v1/x%1b[0m",
  ]
) {
  Deno.test(`the path ${path} is refused, for servers that fold or trim it`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(get(path)), "path_not_canonical");
  });
}

Deno.test("full-width characters in a path that fold to no dot segment pass", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const path = "/wiki/%EF%BC%A1%EF%BC%8F%EF%BC%A2%EF%BC%8E";
  assert.equal((await client.ask(get(path)))?.status, 200);
  assert.equal(scene.allowed.onlyRequest.target, path);
});

for (
  const [what, fields] of [
    ["the scheme http", [[":method", "GET"], [":scheme", "http"]]],
    ["a method with a space", [[":method", "GET /a"], [":scheme", "https"]]],
  ] as const
) {
  Deno.test(`an HTTP/2 request with ${what} is refused`, async () => {
    await using scene = await Scene.start();
    using client = await Http2Client.start(await scene.tunnel(["h2"]));
    await client.request(1, [...fields, [":authority", ALLOWED], [":path", "/"]]);
    const { status, reset, goAway } = await client.outcome(1);
    assert.ok(status === 400 || reset !== undefined || goAway !== undefined);
    scene.assertNothingSent();
  });
}

Deno.test("an HTTP/2 answer takes repeated fields that may stand once", async () => {
  const fields = ["X-Content-Type-Options: nosniff", "Location: /a", "Content-Type: text/plain"];
  await using scene = await Scene.start({
    respond: () => plainAnswer("ok", [...fields, ...fields, "constructor: c", "__proto__: p"]),
  });
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, getFields(ALLOWED, "/"));
  const { status, body } = await client.outcome(1);
  assert.deepEqual([status, body], [200, "ok"]);
});

Deno.test("a credential in the name of a header does not come through on HTTP/2", async () => {
  await using scene = await Scene.start({
    respond: ({ headers }) => plainAnswer("ok", [`x-${headers.get("authorization")?.slice(7)}: y`]),
  });
  const outcomeOf = async () => {
    using client = await Http2Client.start(await scene.tunnel(["h2"]));
    await client.request(1, getFields(ALLOWED, "/"));
    return await client.outcome(1);
  };
  const first = await outcomeOf();
  assert.equal(first.status, 200);
  scene.allowed.respond = () => plainAnswer("ok");
  const plain = await outcomeOf();
  assert.ok(
    first.headerBytes.length - plain.headerBytes.length < 8,
    "the field is left out, whatever its coding",
  );
});

// Its base64 holds + and /, which URLs and JSON escape.
const AWKWARD = `aB3?>~???/+&='"<${crypto.randomUUID()}`;

for (
  const [form, of] of [
    ["percent-encoded", encodeURIComponent],
    ["percent-encoded twice", (text) => encodeURIComponent(encodeURIComponent(text))],
    [
      "percent-encoded in lower case",
      (text) => encodeURIComponent(text).replace(/%../g, (triplet) => triplet.toLowerCase()),
    ],
    ["JSON-escaped", (text) => JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/")],
    [
      "HTML-escaped",
      (text) =>
        text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("'", "&#39;")
          .replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
    ],
  ] as [string, (text: string) => string][]
) {
  for (const scheme of ["basic", "header:X-Key"]) {
    Deno.test(`a credential (${scheme}) that is echoed ${form} is masked in headers and body`, async () => {
      await using scene = await Scene.start({
        tokens: { [TOKEN_REF]: AWKWARD },
        respond: ({ headers }) => {
          const sent = headers.get("x-key") ?? headers.get("authorization")!.slice(6);
          return plainAnswer(of(sent), [`Location: /?a=${of(sent)}`], "302 Found");
        },
      });
      scene.egress.reload([scene.route({ auth: { scheme, token_ref: TOKEN_REF } })]);
      using client = await scene.tunnel();
      const answer = await client.ask(get("/"));
      assert.equal(answer?.status, 302);
      const sent = scheme === "basic" ? Buffer.from(AWKWARD).toString("base64") : AWKWARD;
      const telling = of(sent.slice(4, 30));
      assert.ok(!`${answer.head}${answer.body}`.includes(telling), answer.head);
    });
  }
}

for (const secret of ["line\nX-Injected: 1", "line\r", "caf\u00e9", "\u010a"]) {
  Deno.test(`a credential ${JSON.stringify(secret)} is not written into a header`, async () => {
    await using scene = await Scene.start({ tokens: { [TOKEN_REF]: secret } });
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(get("/")), "credential_missing");
  });
}

Deno.test("an upstream cannot speak as the proxy", async () => {
  await using scene = await Scene.start({
    respond: () => plainAnswer("{}", ["X-Bot-Bottle-Denied: host_not_allowed"], "403 Forbidden"),
  });
  using client = await scene.tunnel();
  const answer = await client.ask(get("/"));
  assert.equal(answer?.status, 403);
  assert.equal(answer.headers.get("x-bot-bottle-denied"), undefined);
});

Deno.test("a connection dialled under a policy that was replaced meanwhile is not used again", async () => {
  let resolved = () => {};
  const release = new Promise<void>((wake) => resolved = wake);
  let lookups = 0;
  await using scene = await Scene.start({
    resolve: async () => {
      if (lookups++ === 0) await release;
      return ["10.0.0.5"];
    },
  });
  scene.egress.reload([scene.route({ allow_private: true })]);
  using client = await scene.tunnel();
  const first = client.ask(get("/"));
  while (lookups === 0) await sleep(5);
  scene.egress.reload([scene.route()]);
  resolved();
  await first;
  scene.assertDenied(await client.ask(get("/")), "address_not_allowed");
  assert.deepEqual(scene.egress.dials, ["10.0.0.5:443"]);
});

Deno.test("an HTTP/2 session ends when its client has left", async () => {
  await using scene = await Scene.start();
  for (let i = 0; i < 3; i++) {
    using client = await Http2Client.start(await scene.tunnel(["h2"]));
    await client.request(1, getFields(ALLOWED, "/"));
    assert.equal((await client.outcome(1)).status, 200);
  }
  const started = performance.now();
  await scene.egress.proxy.drain(5_000);
  assert.ok(performance.now() - started < 2_000, "a session was still open");
});

Deno.test("a stream whose client opens no window does not stay for ever", async () => {
  await using scene = await Scene.start(QUICK);
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.send(Frame.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])); // INITIAL_WINDOW_SIZE 0
  await client.request(1, getFields("attacker.example.org", "/"));
  const { reset, closed, goAway } = await client.outcome(1);
  assert.ok(reset !== undefined || closed || goAway !== undefined);
});

Deno.test("streams beyond what the proxy carries are refused, to be sent again", async () => {
  let release = () => {};
  const released = new Promise<void>((wake) => release = wake);
  await using scene = await Scene.start({
    respond: async () => {
      await released;
      return "close";
    },
  });
  const clients: Http2Client[] = [];
  for (let i = 0; i < 9; i++) {
    const client = await Http2Client.start(await scene.tunnel(["h2"]));
    clients.push(client);
    const block = getFields(ALLOWED, "/").map(([name, value]) =>
      [name, name === ":method" ? "POST" : value] as const
    );
    for (let stream = 1; stream < 240; stream += 2) await client.request(stream, block, false);
  }
  const { reset } = await clients.at(-1)!.outcome(239);
  assert.equal(reset, 7);
  release();
  for (const client of clients) client[Symbol.dispose]();
});

for (const where of ["the proxy", "a tunnel"]) {
  Deno.test(`a client of ${where} that never closes its side is closed`, async () => {
    await using scene = await Scene.start(QUICK);
    using client = where === "a tunnel" ? await scene.tunnel() : await scene.egress.client();
    const target = where === "a tunnel" ? "/" : `http://${ALLOWED}/`;
    assert.ok(await client.ask(get(target, ["Connection: close"])));
    await sleep(1_800);
    await assert.rejects(async () => {
      for (let i = 0; i < 10; i++) {
        await client.send("more");
        await sleep(20);
      }
    });
  });
}

Deno.test("a client that reads none of its refusals is closed", async () => {
  await using scene = await Scene.start(QUICK);
  const socket = net.connect(scene.egress.port, "127.0.0.1");
  const failed = new Promise<void>((resolve) => socket.once("error", () => resolve()));
  socket.pause();
  const denied = "GET http://attacker.example.org/ HTTP/1.1\r\nHost: attacker.example.org\r\n\r\n";
  socket.write(denied.repeat(100_000));
  let late: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<string>((resolve) => late = setTimeout(resolve, 8_000, "open"));
  const prodding = setInterval(() => socket.write("x"), 100);
  assert.notEqual(await Promise.race([failed, patience]), "open");
  clearInterval(prodding);
  clearTimeout(late);
  socket.destroy();
});

Deno.test("an address that does not answer leaves time for the next one", async () => {
  await using scene = await Scene.start();
  const { dial } = await import("../../egress/dial.ts");
  const { table } = createPolicy([{ host: ALLOWED, insecure_http: true }], 0, () => undefined);
  const dialled: string[] = [];
  const { socket } = await dial(
    {
      resolve: () => Promise.resolve(["93.184.216.8", "93.184.216.9"]),
      fixedAddresses: new Map(),
      connect: (address) => {
        dialled.push(address);
        return address.endsWith(".8")
          ? new net.Socket() // never connects
          : net.connect({ host: "127.0.0.1", port: scene.plain.port });
      },
      timeout: 1_000,
    },
    { host: { kind: "name", text: ALLOWED }, port: 80 },
    table.routes[0]!,
    false,
  );
  socket.destroy();
  assert.deepEqual(dialled, ["93.184.216.8", "93.184.216.9"]);
});

for (
  const [what, text] of [
    ["60,000 keys", Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["40,000 anchors on one node", "&a ".repeat(40_000)],
    ["20,000 lists in one another", "[".repeat(20_000)],
  ] as const
) {
  Deno.test(`a routes file with ${what} is refused in time`, () => {
    const started = performance.now();
    assert.throws(() => parseRoutesFile(text, "routes.yaml", () => undefined), BottleError);
    assert.ok(performance.now() - started < 10_000);
  });
}

Deno.test("a body longer than its content-length does not go on as two requests from HTTP/2", async () => {
  await using scene = await Scene.start();
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  const fields = getFields(ALLOWED, "/", [["content-length", "5"]]).map(([name, value]) =>
    [name, name === ":method" ? "POST" : value] as const
  );
  await client.request(1, fields, false);
  await client.send(Frame.data, 0, 1, Buffer.from("hel"));
  await sleep(400); // long enough for the body to flow
  await client.send(Frame.data, Flag.endStream, 1, Buffer.from("loGET /admin HTTP/1.1\r\n\r\n"));
  const { status } = await client.outcome(1);
  assert.notEqual(status, 200);
  assert.deepEqual(scene.allowed.requests, []);
});
