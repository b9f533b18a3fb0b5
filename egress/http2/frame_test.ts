import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, Flag, type Frame, FrameScanner, FrameType, withoutPadding } from "./frame.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

function framesOf(...pieces: Uint8Array[]): Frame[] {
  const scanner = new FrameScanner();
  const frames: Frame[] = [];
  for (const piece of pieces) {
    scanner.push(Buffer.from(piece));
    for (let frame = scanner.next(); frame !== undefined; frame = scanner.next()) {
      frames.push(frame);
    }
  }
  return frames;
}

Deno.test("any split of the bytes gives the same frames", () => {
  const frame = fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 0x7fffffff }),
    payload: fc.uint8Array({ maxLength: 40 }),
  });
  const cuts = fc.array(fc.nat(), { maxLength: 8 });
  fc.assert(fc.property(fc.array(frame, { maxLength: 5 }), cuts, (frames, cuts) => {
    const sent = frames.map((frame) => ({ ...frame, payload: Buffer.from(frame.payload) }));
    const bytes = Buffer.concat(
      sent.map(({ type, flags, stream, payload }) => encodeFrame(type, flags, stream, payload)),
    );
    const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
    ends.sort((one, other) => one - other);
    const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
    assert.deepEqual(framesOf(...pieces), sent);
  }));
});

Deno.test("a frame that is larger than announced is refused at its head", () => {
  const head = encodeFrame(FrameType.data, 0, 1, Buffer.alloc(16_385)).subarray(0, 9);
  assert.throws(
    () => framesOf(head),
    (error) => error instanceof ConnectionError && error.code === ErrorCode.frameSize,
  );
  assert.equal(framesOf(encodeFrame(FrameType.data, 0, 1, Buffer.alloc(16_384))).length, 1);
});

Deno.test("the bit above a stream's number is ignored", () => {
  assert.equal(framesOf(encodeFrame(FrameType.ping, 0, 0x80000001, Buffer.alloc(8)))[0]?.stream, 1);
});

Deno.test("withoutPadding() takes the padding off", () => {
  const frame = { type: 0, flags: Flag.padded, stream: 1 };
  const of = (...bytes: number[]) => withoutPadding({ ...frame, payload: Buffer.from(bytes) });
  assert.deepEqual([...of(2, 7, 8, 0, 0)], [7, 8]);
  assert.deepEqual([...of(0)], []);
  assert.deepEqual([...of(2, 0, 0)], []);
  assert.throws(() => of(), ConnectionError);
  assert.throws(() => of(3, 0, 0), ConnectionError);
});
