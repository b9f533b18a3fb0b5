import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import type { Body } from "./http1/body.ts";
import { bufferStart, discard } from "./request_body.ts";
import { RequestBodyFailed } from "./upstream_connection.ts";

/** A body whose parts come when they are asked for; a promise among them is waited for. */
function body(length: number | null, ...parts: (Buffer | Promise<Buffer> | Error)[]): Body {
  return {
    length,
    get done() {
      return parts.length === 0;
    },
    async read() {
      const part = parts.shift();
      if (part instanceof Error) throw part;
      return part === undefined ? null : await part;
    },
  };
}

Deno.test("bufferStart() reads a small body whole and learns its length", async () => {
  const start = await bufferStart(body(null, Buffer.from("ab"), Buffer.from("cd")));
  assert.deepEqual([start.length, String(start.prefix), start.rest], [4, "abcd", null]);
});

Deno.test("bufferStart() needs no end to know that a body of a known length is whole", async () => {
  const never = new Promise<Buffer>(() => {});
  const start = await bufferStart(body(2, Buffer.from("ab"), never));
  assert.deepEqual([start.length, String(start.prefix), start.rest], [2, "ab", null]);
});

Deno.test("bufferStart() gives nothing for an empty body", async () => {
  const start = await bufferStart(body(0));
  assert.deepEqual([start.length, start.prefix.length, start.rest], [0, 0, null]);
});

Deno.test("bufferStart() lets a large body flow after its beginning", async () => {
  const parts = Array.from({ length: 40 }, () => Buffer.alloc(64 * 1024));
  const start = await bufferStart(body(40 * 64 * 1024, ...parts));
  assert.equal(start.length, 40 * 64 * 1024);
  assert.ok(start.prefix.length >= 256 * 1024);
  let size = start.prefix.length;
  for (let part = await start.rest!.read(); part !== null; part = await start.rest!.read()) {
    size += part.length;
  }
  assert.equal(size, 40 * 64 * 1024);
});

Deno.test("bufferStart() does not wait for a slow sender, and loses none of its bytes", async () => {
  let send = (_: Buffer) => {};
  const late = new Promise<Buffer>((resolve) => send = resolve);
  const start = await bufferStart(body(null, Buffer.from("early "), late));
  assert.equal(String(start.prefix), "early ");
  send(Buffer.from("late"));
  assert.equal(String(await start.rest!.read()), "late");
  assert.equal(await start.rest!.read(), null);
  assert.equal(start.rest!.done, true);
});

Deno.test("bufferStart() tells a body that fails from an upstream that does", async () => {
  await assert.rejects(bufferStart(body(null, new Error("reset"))), RequestBodyFailed);
});

Deno.test("discard() frees a large body, and leaves a small one and one that shares its memory", () => {
  const large = Buffer.allocUnsafeSlow(100_000);
  discard(large);
  assert.equal(large.length, 0);
  const small = Buffer.from("small");
  discard(small);
  assert.equal(String(small), "small");
  const part = Buffer.allocUnsafeSlow(100_000).subarray(1);
  discard(part);
  assert.equal(part.length, 99_999);
});
