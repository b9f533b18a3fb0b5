import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import tls from "node:tls";
import { clientHello, records } from "../../tests/support/client_hello.ts";
import { ClientHelloError, parseClientHello } from "./client_hello.ts";

const hello = (serverNames: readonly (readonly string[])[]) => clientHello({ serverNames });

Deno.test("parseClientHello() finds the server name, however bytes and records are split", () => {
  const message = hello([["api.example.com"]]);
  for (const size of [1, 3, 40, 1_000]) {
    const bytes = records(message, size);
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.equal(parseClientHello(bytes.subarray(0, cut)), null, `${cut} bytes of ${size}`);
    }
    assert.deepEqual(parseClientHello(bytes), { serverName: "api.example.com" });
  }
});

Deno.test("parseClientHello() reads what a TLS library sends", async () => {
  const wire = new PassThrough();
  const socket = tls.connect({ socket: wire, servername: "www.example.org" });
  socket.on("error", () => {});
  const parts: Buffer[] = [];
  for await (const part of wire) {
    parts.push(part as Buffer);
    const found = parseClientHello(Buffer.concat(parts));
    if (found === null) continue;
    assert.deepEqual(found, { serverName: "www.example.org" });
    break;
  }
  socket.destroy();
});

Deno.test("parseClientHello() takes a hello without a server name, and one without extensions", () => {
  assert.deepEqual(parseClientHello(records(hello([]))), { serverName: null });
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0, 47, 1, 0]),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0, 0, body.length]), body]);
  assert.deepEqual(parseClientHello(records(message)), { serverName: null });
});

const good = hello([["api.example.com"]]);
const REFUSED: readonly (readonly [string, Buffer])[] = [
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["SSL 2", Buffer.from([0x80, 0x2e, 1, 0, 2])],
  ["another kind of record", Buffer.from([23, 3, 3, 0, 1, 0])],
  ["a version of TLS that is none", Buffer.from([22, 4, 0, 0, 1, 0])],
  ["an empty record", Buffer.from([22, 3, 1, 0, 0])],
  ["a record that is too long", Buffer.from([22, 3, 1, 0x40, 1])],
  ["a ServerHello", records(Buffer.concat([Buffer.from([2]), good.subarray(1)]))],
  ["two server names", records(hello([["a.example", "b.example"]]))],
  ["two server name extensions", records(hello([["a.example"], ["a.example"]]))],
  ["no name in the extension", records(hello([[]]))],
  ["a hello of 16 MiB", records(Buffer.concat([Buffer.from([1, 0xff, 0xff, 0xff]), good]))],
  ["bytes after its extensions", records(longer(good))],
  ["a length that cuts it short", records(shorter(good))],
];
for (const [what, bytes] of REFUSED) {
  Deno.test(`parseClientHello() refuses ${what}`, () => {
    assert.throws(() => parseClientHello(bytes), ClientHelloError);
  });
}

/** The message with one byte more, counted in its length. */
function longer(message: Buffer): Buffer {
  const changed = Buffer.concat([message, Buffer.from([0])]);
  changed.writeUIntBE(message.length - 3, 1, 3);
  return changed;
}

/** The message with one byte less, counted in its length. */
function shorter(message: Buffer): Buffer {
  const changed = Buffer.from(message.subarray(0, -1));
  changed.writeUIntBE(message.length - 5, 1, 3);
  return changed;
}
