import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { FramedBody } from "./body.ts";
import { ByteReader, ConnectionLost } from "./byte_reader.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

/** A connection that a test feeds. */
function connection() {
  const stream = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
  return { stream, feed: (text: string) => stream.push(Buffer.from(text, "latin1")) };
}

Deno.test("ByteReader.readHead() gives heads one after the other and keeps what follows them", async () => {
  const { stream, feed } = connection();
  const reader = new ByteReader(stream);
  feed("GET /a HTTP/1.1\r\n\r\nGET /b HTT");
  assert.equal(await reader.readHead(), "GET /a HTTP/1.1");
  const second = reader.readHead();
  feed("P/1.1\r\nA: b\r\n\r\nbody");
  assert.equal(await second, "GET /b HTTP/1.1\r\nA: b");
  assert.equal(String(await reader.read()), "body");
  stream.push(null);
  assert.equal(await reader.readHead(), null);
});

Deno.test("ByteReader.readHead() tells an end in the middle of a head", async () => {
  const { stream, feed } = connection();
  const reader = new ByteReader(stream);
  feed("GET /a");
  const head = reader.readHead();
  stream.push(null);
  await assert.rejects(head, ConnectionLost);
});

Deno.test("ByteReader stops its source when bytes pile up, and lets it flow when they are taken", async () => {
  const { stream } = connection();
  const turns: string[] = [];
  const reader = new ByteReader(stream, {
    stop: () => void turns.push("stop"),
    flow: () => void turns.push("flow"),
  });
  for (let part = 0; part < 5; part++) stream.push(Buffer.alloc(64 * 1024));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(turns, ["stop"]);
  for (let part = 0; part < 5; part++) await reader.read();
  assert.deepEqual(turns, ["stop", "flow"]);
  assert.equal(reader.idle, true);
});

Deno.test("ByteReader.release() gives back what was not used and listens no more", async () => {
  const { stream, feed } = connection();
  const reader = new ByteReader(stream);
  feed("abc");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(String(reader.release()), "abc");
  assert.equal(stream.listenerCount("data"), 0);
});

Deno.test("FramedBody ends where its length says, and leaves the rest", async () => {
  const { stream, feed } = connection();
  const reader = new ByteReader(stream);
  feed("helloGET /");
  const body = new FramedBody(reader, { kind: "length", length: 5 });
  assert.equal(String(await body.read()), "hello");
  assert.equal(body.done, true);
  assert.equal(await body.read(), null);
  assert.equal(String(await reader.read()), "GET /");
});

Deno.test("FramedBody of chunks ends with them, and leaves the rest", async () => {
  const { stream, feed } = connection();
  const reader = new ByteReader(stream);
  feed("5\r\nhello\r\n0\r\n\r\nGET /");
  const body = new FramedBody(reader, { kind: "chunked" });
  assert.equal(String(await body.read()), "hello");
  assert.equal(await body.read(), null);
  assert.equal(String(await reader.read()), "GET /");
});

Deno.test("FramedBody tells a body that is cut short from one that is malformed", async () => {
  const cut = connection();
  const short = new FramedBody(new ByteReader(cut.stream), { kind: "length", length: 5 });
  cut.feed("hel");
  assert.equal(String(await short.read()), "hel");
  cut.stream.push(null);
  await assert.rejects(short.read(), ConnectionLost);
  const odd = connection();
  const malformed = new FramedBody(new ByteReader(odd.stream), { kind: "chunked" });
  odd.feed("x\r\n");
  await assert.rejects(malformed.read(), HttpSyntaxError);
});

Deno.test("FramedBody until the end of the connection ends with it", async () => {
  const { stream, feed } = connection();
  const body = new FramedBody(new ByteReader(stream), { kind: "until-close" });
  feed("all of it");
  assert.equal(String(await body.read()), "all of it");
  stream.push(null);
  assert.equal(await body.read(), null);
  assert.equal(body.done, true);
});
