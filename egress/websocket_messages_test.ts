import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { Opcode as Code, webSocketFrame } from "../tests/support/websocket_client.ts";
import { type Message, MessageAssembler, messageFrame, Opcode } from "./websocket_messages.ts";

function assemble(bytes: Buffer, cuts: readonly number[] = [], limit = 1000) {
  const assembler = new MessageAssembler("client", limit);
  const messages: Message[] = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    const { messages: more, problem } = assembler.push(bytes.subarray(at, cut));
    messages.push(...more);
    if (problem !== undefined) return { messages, status: problem.status };
    at = cut;
  }
  return { messages, status: undefined };
}

const masked = { masked: true };
const shown = (messages: readonly Message[]) =>
  messages.map(({ opcode, payload }) => [opcode, payload.toString()]);

Deno.test("fragments are joined and unmasked, and a ping between them is a message before theirs", () => {
  const bytes = Buffer.concat([
    webSocketFrame(Code.text, "one ", { masked: true, final: false }),
    webSocketFrame(Code.continuation, "", { masked: true, final: false }),
    webSocketFrame(Code.ping, "are you there", masked),
    webSocketFrame(Code.continuation, "two", masked),
    webSocketFrame(Code.binary, "three", masked),
  ]);
  const expected = [[Code.ping, "are you there"], [Code.text, "one two"], [Code.binary, "three"]];
  assert.deepEqual(shown(assemble(bytes).messages), expected);
  fc.assert(fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
    assert.deepEqual(shown(assemble(bytes, cuts).messages), expected);
  }));
});

Deno.test("a message over the limit is refused when its header is read, also in fragments", () => {
  const whole = webSocketFrame(Code.binary, "x".repeat(1001), masked);
  assert.equal(assemble(whole.subarray(0, 8)).status, 1009);
  const parts = Array.from(
    { length: 11 },
    (_, at) =>
      webSocketFrame(at === 0 ? Code.binary : Code.continuation, "x".repeat(100), {
        masked: true,
        final: false,
      }),
  );
  assert.equal(assemble(Buffer.concat(parts)).status, 1009);
  assert.equal(assemble(Buffer.concat(parts.slice(0, 10))).status, undefined);
});

Deno.test("the limit counts one message, not all of them", () => {
  const one = webSocketFrame(Code.binary, "x".repeat(900), masked);
  assert.equal(assemble(Buffer.concat([one, one, one])).messages.length, 3);
});

Deno.test("a text message that is not UTF-8 ends the WebSocket with 1007; a binary one passes", () => {
  const bytes = Buffer.from([0xff, 0xfe]);
  assert.equal(assemble(webSocketFrame(Code.text, bytes, masked)).status, 1007);
  assert.equal(assemble(webSocketFrame(Code.binary, bytes, masked)).messages.length, 1);
});

Deno.test("nothing is read after a close frame", () => {
  const close = webSocketFrame(Code.close, "", masked);
  const { messages, status } = assemble(
    Buffer.concat([close, webSocketFrame(Code.text, "more", masked)]),
  );
  assert.equal(status, 1002);
  assert.deepEqual(shown(messages), [[Code.close, ""]]);
});

Deno.test("messageFrame() writes what the assembler reads, at every length of length", () => {
  for (const size of [0, 125, 126, 65_535, 65_536]) {
    const payload = Buffer.alloc(size, "ab");
    const frame = messageFrame({ opcode: Opcode.text, payload }, true);
    const { messages } = assemble(frame, [], 100_000);
    assert.equal(messages.length, 1);
    assert.ok(messages[0]!.payload.equals(payload), String(size));
  }
});

Deno.test("messageFrame() masks each frame with a key of its own", () => {
  const message = { opcode: Opcode.text, payload: Buffer.from("the same text") };
  const keys = new Set(
    Array.from({ length: 8 }, () => messageFrame(message, true).subarray(2, 6).toString("hex")),
  );
  assert.ok(keys.size > 1);
});
