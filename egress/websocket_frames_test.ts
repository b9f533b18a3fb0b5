import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameGuard, MAX_FRAME_BYTES } from "./websocket_frames.ts";

/** A server's frame: opcode with FIN and reserved bits, and a payload of zeros. */
function frame(first: number, length: number): Buffer {
  const head = length < 126
    ? Buffer.from([first, length])
    : Buffer.from([first, 126, length >> 8, length & 255]);
  return Buffer.concat([head, Buffer.alloc(length)]);
}

function problemOf(bytes: Buffer, sender: "client" | "server" = "server"): number | undefined {
  return new FrameGuard(sender).push(bytes)?.status;
}

const STREAMS: readonly (readonly [string, Buffer, number | undefined])[] = [
  ["text", frame(0x81, 5), undefined],
  ["binary of 300 bytes", frame(0x82, 300), undefined],
  [
    "a fragmented message",
    Buffer.concat([frame(0x01, 1), frame(0x00, 1), frame(0x80, 1)]),
    undefined,
  ],
  ["a ping inside one", Buffer.concat([frame(0x01, 1), frame(0x89, 0), frame(0x80, 1)]), undefined],
  ["a message inside another", Buffer.concat([frame(0x01, 1), frame(0x81, 1)]), 1002],
  ["a continuation of nothing", frame(0x80, 1), 1002],
  ["a continuation of a whole message", Buffer.concat([frame(0x81, 1), frame(0x80, 1)]), 1002],
  ["a reserved bit", frame(0xc1, 1), 1002],
  ["opcode 3", frame(0x83, 1), 1002],
  ["opcode 11", frame(0x8b, 1), 1002],
  ["a fragmented ping", frame(0x09, 1), 1002],
  ["a ping of 126 bytes", frame(0x89, 126), 1002],
  ["a masked server frame", Buffer.from([0x81, 0x80, 0, 0, 0, 0]), 1002],
  ["a frame that is too large", Buffer.from([0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1]), 1009],
];
for (const [what, bytes, status] of STREAMS) {
  Deno.test(`FrameGuard ${status === undefined ? "lets" : "stops"} ${what}, however it is split`, () => {
    assert.equal(problemOf(bytes), status);
    fc.assert(fc.property(fc.nat(bytes.length), (cut) => {
      const guard = new FrameGuard("server");
      const problem = guard.push(bytes.subarray(0, cut)) ?? guard.push(bytes.subarray(cut));
      assert.equal(problem?.status, status);
    }));
  });
}

Deno.test("FrameGuard wants a client's frames masked", () => {
  assert.equal(problemOf(frame(0x81, 1), "client"), 1002);
  assert.equal(problemOf(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), "client"), undefined);
});

Deno.test("FrameGuard lets a frame of exactly the limit begin", () => {
  const head = Buffer.alloc(10);
  head[0] = 0x82;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(MAX_FRAME_BYTES), 2);
  assert.equal(problemOf(head), undefined);
});
