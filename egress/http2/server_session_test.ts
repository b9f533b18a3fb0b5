import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Flag, FrameType } from "./frame.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";
import { EMPTY, PREFACE, Wire } from "./test_wire.ts";

Deno.test("a request is served, and its stream is gone", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, Flag.endStream);
  await wire.frames();
  const [request, answer] = wire.asked[0]!;
  assert.deepEqual([request.method, request.target, wire.total.open], ["GET", "/", 1]);
  answer.start(200, [], 2);
  answer.write(Buffer.from("ok"));
  answer.end();
  const frames = await wire.frames();
  assert.deepEqual(frames.map(({ type, flags }) => [type, flags]), [
    [FrameType.headers, Flag.endHeaders],
    [FrameType.data, Flag.endStream],
  ]);
  assert.equal(wire.total.open, 0);
});

const PROTOCOL: [string, number, (wire: Wire) => void][] = [
  ["another beginning", ErrorCode.protocol, (wire) => wire.push("GET / HTTP/1.1\r\n\r\n")],
  ["a first frame that is no SETTINGS", ErrorCode.protocol, (wire) => {
    wire.push(PREFACE);
    wire.send([FrameType.ping, 0, 0, Buffer.alloc(8)]);
  }],
  ["DATA on no stream", ErrorCode.protocol, (wire) => wire.send([FrameType.data, 0, 0, EMPTY])],
  [
    "DATA on a stream that was not opened",
    ErrorCode.protocol,
    (wire) => wire.send([FrameType.data, 0, 1, EMPTY]),
  ],
  ["a stream with an even number", ErrorCode.protocol, (wire) => wire.request(2, 0)],
  ["a stream whose number is used up", ErrorCode.streamClosed, (wire) => {
    wire.request(5, Flag.endStream);
    wire.request(3, Flag.endStream);
  }],
  ["an interrupted header block", ErrorCode.protocol, (wire) => {
    wire.send([FrameType.headers, 0, 1, EMPTY], [FrameType.ping, 0, 0, Buffer.alloc(8)]);
  }],
  [
    "CONTINUATION of another stream",
    ErrorCode.protocol,
    (wire) => wire.send([FrameType.headers, 0, 1, EMPTY], [FrameType.continuation, 4, 3, EMPTY]),
  ],
  ["a header block of 64 KB and more", ErrorCode.enhanceYourCalm, (wire) => {
    wire.send([FrameType.headers, 0, 1, EMPTY]);
    for (let i = 0; i < 5; i++) wire.send([FrameType.continuation, 0, 1, Buffer.alloc(16_384)]);
  }],
  [
    "a header block that cannot be read",
    ErrorCode.compression,
    (wire) => wire.send([FrameType.headers, 5, 1, Buffer.from([0x80])]),
  ],
  ["PUSH_PROMISE", ErrorCode.protocol, (wire) => wire.send([FrameType.pushPromise, 4, 1, EMPTY])],
  [
    "a PING of seven bytes",
    ErrorCode.frameSize,
    (wire) => wire.send([FrameType.ping, 0, 0, Buffer.alloc(7)]),
  ],
  [
    "SETTINGS on a stream",
    ErrorCode.protocol,
    (wire) => wire.send([FrameType.settings, 0, 1, EMPTY]),
  ],
  [
    "half a setting",
    ErrorCode.frameSize,
    (wire) => wire.send([FrameType.settings, 0, 0, Buffer.alloc(5)]),
  ],
  [
    "an initial window that no window may have",
    ErrorCode.flowControl,
    (wire) => wire.send([FrameType.settings, 0, 0, Buffer.from([0, 4, 0x80, 0, 0, 0])]),
  ],
  [
    "a window of the connection that grows too large",
    ErrorCode.flowControl,
    (wire) => wire.send([FrameType.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])]),
  ],
  [
    "more padding than payload",
    ErrorCode.protocol,
    (wire) => wire.send([FrameType.headers, Flag.padded | 4, 1, Buffer.from([9, 0])]),
  ],
];
for (const [what, code, play] of PROTOCOL) {
  Deno.test(`${what} ends the connection with the code ${code}`, async () => {
    await using wire = new Wire();
    if (code !== ErrorCode.protocol || !/^a(?:nother b| first)/.test(what)) wire.greet();
    play(wire);
    assert.equal(await wire.goAway(), code);
    assert.equal(wire.failures.length, 1);
    assert.ok(wire.failures[0] instanceof ConnectionError);
    wire.request(101, Flag.endStream);
    assert.deepEqual(await wire.frames(), [], "nothing is served after it");
    wire.now = 10_000;
    await wire.until(() => wire.destroyed);
    assert.equal(wire.total.open, 0);
  });
}

Deno.test("a stream whose window is overrun is reset, and the others go on", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, 0, "POST");
  for (let i = 0; i < 17; i++) wire.send([FrameType.data, 0, 1, Buffer.alloc(16_384)]);
  wire.request(3, Flag.endStream);
  const frames = await wire.frames();
  const reset = frames.find(({ type }) => type === FrameType.resetStream)!;
  assert.deepEqual([reset.stream, reset.payload.readUInt32BE()], [1, ErrorCode.flowControl]);
  await assert.rejects(wire.asked[0]![0].body.read());
  assert.equal(wire.total.open, 1);
  // What was under way is no error.
  wire.send([FrameType.data, Flag.endStream, 1, EMPTY]);
  assert.equal(await wire.goAway(), undefined);
});

Deno.test("what a body takes is given back to its stream", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, 0, "POST");
  await wire.frames();
  const { body } = wire.asked[0]![0];
  let given = 0;
  for (let i = 0; i < 64; i++) {
    wire.send([FrameType.data, 0, 1, Buffer.alloc(16_384)]);
    assert.equal((await body.read())?.length, 16_384);
    for (const { type, stream, payload } of await wire.frames()) {
      assert.notEqual(type, FrameType.resetStream);
      if (type === FrameType.windowUpdate && stream === 1) given += payload.readUInt32BE();
    }
  }
  assert.ok(given >= 64 * 16_384 - 128 * 1024);
});

Deno.test("a client that does not read is not read from, until it does", async () => {
  await using wire = new Wire();
  wire.greet();
  await wire.frames();
  wire.reads = false;
  const ping = (times: number) => {
    for (let i = 0; i < times; i++) wire.send([FrameType.ping, 0, 0, Buffer.alloc(8)]);
    return wire.frames();
  };
  await ping(10);
  assert.equal(wire.stopped, false);
  await ping(4_990);
  assert.equal(wire.stopped, true);
  wire.read1();
  const pongs = (await wire.frames()).filter(({ type }) => type === FrameType.ping);
  // The first ten were on their way.
  assert.deepEqual([wire.stopped, pongs.length], [false, 4_990]);
});

Deno.test("an answer waits for a client that does not read", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.send([FrameType.settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])]);
  wire.send([FrameType.windowUpdate, 0, 0, Buffer.from([0x7f, 0, 0, 0])]);
  wire.request(1, Flag.endStream);
  await wire.frames();
  const answer = wire.asked[0]![1];
  wire.reads = false;
  answer.start(200, [], null);
  let written = 0;
  let wait: Promise<void> | undefined;
  while (wait === undefined && written < 100) {
    wait = answer.write(Buffer.alloc(16_384));
    written++;
  }
  assert.ok(written < 20, `${written} pieces were taken`);
  wire.read1();
  await wait;
  answer.end();
  const sent = (await wire.frames()).filter(({ type }) => type === FrameType.data);
  assert.equal(sent.reduce((sum, { payload }) => sum + payload.length, 0), written * 16_384);
});

Deno.test("an answer ends also when its window was made negative", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, Flag.endStream);
  await wire.frames();
  const answer = wire.asked[0]![1];
  answer.start(200, [], null);
  answer.write(Buffer.from("abc"));
  await wire.frames();
  wire.send([FrameType.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 1])]);
  await wire.frames();
  answer.end();
  assert.deepEqual((await wire.frames()).map(({ flags }) => flags), [Flag.endStream]);
});

Deno.test("a client that leaves is told to whoever answers it", async () => {
  await using wire = new Wire();
  wire.greet();
  wire.request(1, 0, "POST");
  wire.request(3, 0, "POST");
  await wire.frames();
  const gone: number[] = [];
  for (const [i, [, answer]] of wire.asked.entries()) answer.onGone(() => gone.push(i));
  wire.send([FrameType.resetStream, 0, 3, Buffer.from([0, 0, 0, 8])]);
  await wire.frames();
  assert.deepEqual(gone, [1]);
  wire.push(null);
  await wire.session.closed;
  assert.deepEqual(gone, [1, 0]);
  await assert.rejects(wire.asked[0]![0].body.read());
  assert.equal(wire.total.open, 0);
});

Deno.test("a session that nobody uses says goodbye, and one that drains when its streams have ended", async () => {
  await using idle = new Wire();
  idle.greet();
  await idle.frames();
  idle.now = 2_000;
  await idle.until(() => idle.writableFinished);
  assert.equal(await idle.goAway(), ErrorCode.none);

  await using wire = new Wire();
  wire.greet();
  wire.request(1, Flag.endStream);
  await wire.frames();
  wire.session.drain();
  wire.request(3, Flag.endStream);
  assert.equal(await wire.goAway(), ErrorCode.none);
  assert.equal(wire.asked.length, 1);
  const answer = wire.asked[0]![1];
  answer.start(204, [], null);
  answer.end();
  await wire.until(() => wire.writableFinished);
  assert.equal(wire.total.open, 0);
});
