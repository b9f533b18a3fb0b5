import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { HttpSyntaxError } from "../http1/syntax_error.ts";
import { StreamBody } from "./stream_body.ts";

async function textOf(body: StreamBody): Promise<string> {
  let text = "";
  for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) text += bytes;
  return text;
}

Deno.test("a body is read as it comes, and what was read is given back", async () => {
  const read: number[] = [];
  const body = new StreamBody(null, (bytes) => read.push(bytes));
  const text = textOf(body);
  body.push(Buffer.from("ab"));
  await Promise.resolve();
  body.push(Buffer.from("c"));
  body.push(Buffer.alloc(0));
  assert.equal(body.done, false);
  body.end();
  assert.equal(await text, "abc");
  assert.equal(body.done, true);
  assert.deepEqual(read, [2, 1]);
});

for (
  const [what, length, play] of [
    ["more than", 2, (body) => body.push(Buffer.from("abc"))],
    ["less than", 4, (body) => {
      body.push(Buffer.from("abc"));
      body.end();
    }],
  ] as [string, number, (body: StreamBody) => void][]
) {
  Deno.test(`a body of ${what} its announced length is none`, async () => {
    const body = new StreamBody(length, () => {});
    play(body);
    assert.ok(body.malformed);
    assert.equal(body.done, false);
    await assert.rejects(body.read(), HttpSyntaxError);
    body.push(Buffer.from("ab"));
    body.end();
    await assert.rejects(body.read(), HttpSyntaxError, "it stays broken");
  });
}

Deno.test("a body that is cut off does not pass for the whole", async () => {
  const body = new StreamBody(null, () => {});
  const first = body.read();
  body.push(Buffer.from("a"));
  assert.equal(String(await first), "a");
  const second = body.read();
  body.fail(new Error("cut off"));
  await assert.rejects(second, /cut off/);
  body.end();
  await assert.rejects(body.read(), /cut off/);
});

Deno.test("a body that has ended cannot be broken off", async () => {
  const body = new StreamBody(1, () => {});
  body.push(Buffer.from("a"));
  body.end();
  body.fail(new Error("cut off"));
  assert.equal(await textOf(body), "a");
});

Deno.test("a body of small pieces is kept in few buffers, in their order", async () => {
  const body = new StreamBody(null, () => {});
  const sizes = [1, 2, 4_000, 300, 5_000, 1, 4_095, 16_384, 7];
  const pieces = Array.from({ length: 900 }, (_, i) => Buffer.alloc(sizes[i % sizes.length]!, i));
  for (const piece of pieces) body.push(piece);
  for (let i = 0; i < 10_000; i++) body.push(Buffer.from("z"));
  body.end();
  const read: Buffer[] = [];
  for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) read.push(bytes);
  assert.ok(Buffer.concat(read).equals(Buffer.concat([...pieces, Buffer.alloc(10_000, "z")])));
  assert.ok(read.length < 900, `${read.length} buffers`);
  assert.equal(body.done, true);
});
