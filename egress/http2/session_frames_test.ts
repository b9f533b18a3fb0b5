import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Flag, FrameType } from "./frame.ts";
import { ErrorCode } from "./protocol_error.ts";
import { EMPTY, Wire } from "./test_wire.ts";

const WHOLE = Flag.endHeaders | Flag.endStream;
/** GET https://example.com/: the last field is a literal that goes to the table. */
const GET = Buffer.concat([Buffer.from([0x82, 0x87, 0x84, 0x01, 11]), Buffer.from("example.com")]);
/** A field that goes to the table. */
const kept = (name: string, value: string) =>
  Buffer.concat([
    Buffer.from([0x40, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
const number = (value: number) => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
};

Deno.test("the table of fields stays in step with blocks that nobody wants", async () => {
  await using wire = new Wire();
  wire.greet();
  const ask = (stream: number, ...parts: Uint8Array[]) =>
    wire.send([FrameType.headers, WHOLE, stream, Buffer.concat([GET, ...parts])]);
  // Refused as malformed, after a field that is kept.
  ask(1, kept("x-a", "1"), kept("X", "2"));
  // Its client takes it back, and sends trailers all the same.
  wire.send([FrameType.headers, Flag.endHeaders, 3, GET]);
  wire.send([FrameType.windowUpdate, 0, 3, number(0)]);
  wire.send([FrameType.headers, WHOLE, 3, kept("x-b", "3")]);
  ask(5, Buffer.from([0xbe, 0xbf, 0xc0]));
  ask(7, Buffer.from([0xbe, 0xc0]));
  await wire.frames();
  const fields = wire.asked.map(([{ headers }]) =>
    headers.map(({ raw, value }) => `${raw}: ${value}`).filter((line) => !line.startsWith("Host"))
  );
  assert.deepEqual(fields, [
    ["x-a: 1", "X: 2"],
    [],
    ["x-b: 3", "X: 2", "x-a: 1"],
    ["x-b: 3", "x-a: 1"],
  ]);
  assert.deepEqual(wire.asked.map(([{ refusal }]) => refusal?.code), [
    "malformed_request",
    undefined,
    "malformed_request",
    undefined,
  ]);
});

Deno.test("a session serves ten thousand streams whose clients open windows too late", async () => {
  await using wire = new Wire();
  wire.greet();
  for (let i = 0; i < 12_000; i++) {
    const stream = 2 * i + 1;
    wire.request(stream, Flag.endStream);
    await wire.frames();
    assert.equal(wire.asked.length, 1, `stream ${stream}`);
    wire.answer(0);
    wire.asked.length = 0;
    const sent = await wire.frames();
    assert.ok(sent.some(({ flags }) => flags === Flag.endStream), `stream ${stream}`);
    wire.send([FrameType.windowUpdate, 0, stream, number(100)]);
    wire.send([FrameType.resetStream, 0, stream, number(ErrorCode.cancel)]);
  }
  assert.equal(await wire.goAway(), undefined);
  assert.equal(wire.total.open, 0);
});

Deno.test("trailers that never end are a flood", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, 0, "POST");
  for (let i = 0; i < 11_000; i++) wire.send([FrameType.headers, Flag.endHeaders, 1, EMPTY]);
  assert.equal(await wire.goAway(), ErrorCode.enhanceYourCalm);
});

Deno.test("the last number that a stream may have is served, and none after it", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(0x7fffffff, Flag.endStream);
  await wire.frames();
  wire.answer(0);
  assert.equal(await wire.goAway(), undefined);
  wire.request(0x7fffffff, Flag.endStream);
  assert.equal(await wire.goAway(), ErrorCode.streamClosed);
});

Deno.test("a window of a stream that grows by nothing or too much is the end of that stream", async () => {
  await using wire = new Wire();
  wire.greet();
  for (
    const [stream, by, code] of [
      [1, 0, ErrorCode.protocol],
      [3, 0x7fffffff, ErrorCode.flowControl],
    ] as const
  ) {
    wire.request(stream, Flag.endStream);
    wire.send([FrameType.windowUpdate, 0, stream, number(by)]);
    const reset = (await wire.frames()).find(({ type }) => type === FrameType.resetStream);
    assert.deepEqual([reset?.stream, reset?.payload.readUInt32BE()], [stream, code]);
  }
  assert.equal(wire.total.open, 0);
});

Deno.test("SETTINGS that make a window too large end the connection", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, Flag.endStream);
  wire.send([FrameType.windowUpdate, 0, 1, number(0x7fffffff - 65_535)]);
  assert.equal(await wire.goAway(), undefined, "the largest window");
  wire.send([FrameType.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])]);
  assert.equal(await wire.goAway(), ErrorCode.flowControl);
});

Deno.test("padding counts against a window, and is given back", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, 0, "POST");
  await wire.frames();
  let given = 0;
  for (let i = 0; i < 2_000; i++) {
    wire.send([
      FrameType.data,
      Flag.padded,
      1,
      Buffer.concat([Buffer.from([254]), Buffer.alloc(255)]),
    ]);
    if (i % 500 !== 499) continue;
    for (const { type, stream, payload } of await wire.frames()) {
      assert.notEqual(type, FrameType.resetStream);
      if (type === FrameType.windowUpdate && stream === 1) given += payload.readUInt32BE();
    }
  }
  // 2,000 frames of 256 bytes; one byte of each is content that nobody reads.
  assert.ok(given >= 255 * 1_000 && given <= 255 * 2_000, `${given}`);
});
