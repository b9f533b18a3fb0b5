import assert from "node:assert/strict";
import { ALLOWED, get, post, Scene } from "./egress_scene.ts";

/** Requests whose end two parsers could see in different places. */
const AMBIGUOUS: readonly (readonly [string, string, string])[] = [
  [
    "B1",
    "two lengths that differ",
    post("/", ["Content-Length: 5", "Content-Length: 6"], "hello!"),
  ],
  ["B1", "two equal lengths", post("/", ["Content-Length: 5", "Content-Length: 5"], "hello")],
  ["B1", "a signed length", post("/", ["Content-Length: +5"], "hello")],
  ["B1", "a negative length", post("/", ["Content-Length: -5"], "hello")],
  ["B1", "a list of equal lengths", post("/", ["Content-Length: 5,5"], "hello")],
  ["B1", "a list of lengths", post("/", ["Content-Length: 5, 6"], "hello!")],
  ["B1", "a hexadecimal length", post("/", ["Content-Length: 0x5"], "hello")],
  ["B1", "a length with a fraction", post("/", ["Content-Length: 5.0"], "hello")],
  ["B1", "a length with an exponent", post("/", ["Content-Length: 1e1"], "helloworld")],
  ["B1", "an empty length", post("/", ["Content-Length:"], "hello")],
  ["B1", "a length beyond 2^64", post("/", ["Content-Length: 18446744073709551621"], "hello")],
  ["B1", "a length with an underscore", post("/", ["Content_Length: 5"], "hello")],
  ["B1", "a length with a space before its colon", post("/", ["Content-Length : 5"], "hello")],
  ["B1", "full-width digits", post("/", ["Content-Length: \uff15"], "hello")],
  [
    "B2",
    "a length and a transfer coding",
    post("/", ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
  ],
  [
    "B2",
    "a transfer coding and a length",
    post("/", ["Transfer-Encoding: chunked", "Content-Length: 4"], "0\r\n\r\n"),
  ],
  ["B2", "a coding called xchunked", post("/", ["Transfer-Encoding: xchunked"], "0\r\n\r\n")],
  ["B2", "a coding in quotes", post("/", ['Transfer-Encoding: "chunked"'], "0\r\n\r\n")],
  ["B2", "chunked twice", post("/", ["Transfer-Encoding: chunked, chunked"], "0\r\n\r\n")],
  [
    "B2",
    "chunked on two lines",
    post("/", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
  ],
  [
    "B2",
    "chunked, then identity",
    post("/", ["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"),
  ],
  ["B2", "an empty coding", post("/", ["Transfer-Encoding:"], "0\r\n\r\n")],
  [
    "B2",
    "a vertical tab before the coding",
    post("/", ["Transfer-Encoding: \x0bchunked"], "0\r\n\r\n"),
  ],
  ["B2", "a space before the colon", post("/", ["Transfer-Encoding : chunked"], "0\r\n\r\n")],
  ["B2", "a folded coding", post("/", ["Transfer-Encoding:", " chunked"], "0\r\n\r\n")],
  ["B2", "a folded header", get("/", ["X: a", "\tb"])],
  ["B2", "a folded first header", `GET / HTTP/1.1\r\n X: a\r\nHost: ${ALLOWED}\r\n\r\n`],
  ["B2", "a bare LF after the request line", `GET / HTTP/1.1\nHost: ${ALLOWED}\r\n\r\n`],
  ["B2", "a bare LF after a header", `GET / HTTP/1.1\r\nHost: ${ALLOWED}\nX: a\r\n\r\n`],
  ["B2", "a bare LF at the end of the head", `GET / HTTP/1.1\r\nHost: ${ALLOWED}\r\n\n`],
  ["B2", "a bare CR in a header", get("/", ["X: a\rY: b"])],
  ["B2", "NUL in a header", get("/", ["X: a\0b"])],
  [
    "B2",
    "a bare LF after a chunk size",
    post("/", ["Transfer-Encoding: chunked"], "5\nhello\r\n0\r\n\r\n"),
  ],
  [
    "B2",
    "a bare LF in a chunk extension",
    post("/", ["Transfer-Encoding: chunked"], "5;a\nhello\r\n0\r\n\r\n"),
  ],
  [
    "B2",
    "a chunk longer than its size",
    post("/", ["Transfer-Encoding: chunked"], "4\r\nhello\r\n0\r\n\r\n"),
  ],
  [
    "B2",
    "a chunk size with a sign",
    post("/", ["Transfer-Encoding: chunked"], "+5\r\nhello\r\n0\r\n\r\n"),
  ],
  [
    "B2",
    "a chunk size with white space",
    post("/", ["Transfer-Encoding: chunked"], "5 \r\nhello\r\n0\r\n\r\n"),
  ],
  [
    "B2",
    "a chunk size beyond 2^53",
    post("/", ["Transfer-Encoding: chunked"], "fffffffffffffff\r\nhello\r\n0\r\n\r\n"),
  ],
  [
    "B2",
    "a coding in HTTP/1.0",
    `POST / HTTP/1.0\r\nHost: ${ALLOWED}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
];

for (const [id, what, request] of AMBIGUOUS) {
  Deno.test(`${id} a request with ${what} is refused, and what follows it is not read`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    const answer = await client.ask(request + get("/smuggled"));
    scene.assertRefused(answer, "malformed_request");
    assert.equal(await client.answer().catch(() => null), null, "the connection was used again");
    scene.assertNothingSent();
  });
}

Deno.test("B2 chunk extensions and trailers end at the proxy", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const body = '5;a=b;c="d"\r\nhello\r\n0;e\r\nX-Trailer: x\r\nAuthorization: Bearer own\r\n\r\n';
  assert.equal((await client.ask(post("/", ["Transfer-Encoding: chunked"], body)))?.status, 200);
  const { head, headers, body: received } = scene.allowed.onlyRequest;
  assert.equal(String(received), "hello");
  assert.doesNotMatch(head, /x-trailer|own/i);
  assert.equal(headers.get("authorization"), `Bearer ${scene.token}`);
  assert.equal((await client.ask(get("/next")))?.status, 200, "the connection goes on behind it");
});

Deno.test("B3 bytes behind a request are its successor, judged by itself", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ matches: [{ paths: [{ value: "/v1/" }] }] })]);
  using client = await scene.tunnel();
  const smuggled = get("/admin");
  const answer = await client.ask(post("/v1/a", ["Content-Length: 0"], "") + smuggled);
  assert.equal(answer?.status, 200);
  scene.assertDenied(await client.answer(), "request_not_allowed");
  assert.equal(scene.allowed.onlyRequest.target, "/v1/a");
  assert.equal(scene.allowed.onlyRequest.body.length, 0);
});

Deno.test("B3 a request inside a body stays a body", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const inner = get("/admin");
  await client.ask(post("/v1/a", [`Content-Length: ${inner.length}`], inner));
  assert.equal(scene.allowed.onlyRequest.body.toString(), inner);
  assert.equal((await client.ask(get("/next")))?.status, 200);
  assert.deepEqual(scene.allowed.requests.map(({ target }) => target), ["/v1/a", "/next"]);
});

Deno.test("B3 the body of a refused request is not the next request", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ matches: [{ paths: [{ value: "/v1/" }] }] })]);
  using client = await scene.tunnel();
  const inner = get("/v1/smuggled");
  const refused = post("/admin", [`Content-Length: ${inner.length}`], inner);
  scene.assertDenied(await client.ask(refused + get("/v1/honest")), "request_not_allowed");
  assert.equal((await client.answer())?.status, 200);
  assert.deepEqual(scene.allowed.requests.map(({ target }) => target), ["/v1/honest"]);
});

Deno.test("B3 bytes sent with CONNECT are the client's TLS, never the upstream's", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  await client.send(
    `CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n${get("/smuggled")}`,
  );
  assert.match(String(await client.source.rest(5_000)), /^HTTP\/1\.1 200 [^\r]*\r\n\r\n$/);
  scene.assertNothingSent();
});

Deno.test("B3 a CONNECT with a body is refused", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  const answer = await client.ask(
    `CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}\r\nContent-Length: 5\r\n\r\nhello`,
  );
  scene.assertRefused(answer, "malformed_request");
});

Deno.test("B3 an upstream's bytes behind its answer are dropped with their connection", async () => {
  const twice = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" +
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
  await using scene = await Scene.start({
    respond: ({ connection }) =>
      connection === 0 ? twice : "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
  });
  using client = await scene.tunnel();
  assert.equal(String((await client.ask(get("/a")))?.body), "a");
  assert.equal(String((await client.ask(get("/b")))?.body), "b");
});
