import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkedDecoder, encodeChunk, LAST_CHUNK } from "./chunked.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

interface Decoded {
  readonly data: string;
  readonly done: boolean;
  /** Bytes that were not taken because the body had ended. */
  readonly left: string;
}

function decode(parts: readonly Buffer[]): Decoded {
  const decoder = new ChunkedDecoder();
  const data: Buffer[] = [];
  let left = "";
  for (const part of parts) left += part.toString("latin1", decoder.push(part, data));
  return { data: Buffer.concat(data).toString("latin1"), done: decoder.done, left };
}

const bytes = (text: string) => Buffer.from(text, "latin1");

const VALID: readonly (readonly [string, string])[] = [
  ["0\r\n\r\n", ""],
  ["5\r\nhello\r\n0\r\n\r\n", "hello"],
  ["A\r\n0123456789\r\n0\r\n\r\n", "0123456789"],
  ["a\r\n0123456789\r\n000\r\n\r\n", "0123456789"],
  ["5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello"],
  ['5;a="b \\" c"\r\nhello\r\n0\r\n\r\n', "hello"],
  ["2\r\n\r\n\r\n0\r\n\r\n", "\r\n"],
  ["5\r\nhello\r\n0\r\nX: y\r\nZ: w\r\n\r\n", "hello"],
];
for (const [text, data] of VALID) {
  Deno.test(`ChunkedDecoder decodes ${JSON.stringify(text)}, however it is split`, () => {
    const expected = { data, done: true, left: "GET /" };
    const whole = bytes(`${text}GET /`);
    assert.deepEqual(decode([whole]), expected);
    assert.deepEqual(decode(Array.from(whole, (byte) => Buffer.from([byte]))), expected);
    for (let cut = 0; cut < whole.length; cut++) {
      assert.deepEqual(decode([whole.subarray(0, cut), whole.subarray(cut)]), expected);
    }
  });
}

const INVALID = [
  "\r\n\r\n",
  "5\nhello\r\n0\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
  " 5\r\nhello\r\n0\r\n\r\n",
  "0x5\r\nhello\r\n0\r\n\r\n",
  "+5\r\nhello\r\n0\r\n\r\n",
  "-1\r\nhello\r\n0\r\n\r\n",
  "5_0\r\nhello\r\n0\r\n\r\n",
  "g\r\n\r\n",
  "5;\r\nhello\r\n0\r\n\r\n",
  "5; a\r\nhello\r\n0\r\n\r\n",
  "5;a=\r\nhello\r\n0\r\n\r\n",
  '5;a="b\r\nhello\r\n0\r\n\r\n',
  "5;a\nb\r\nhello\r\n0\r\n\r\n",
  "5\r\nhelloX\r\n0\r\n\r\n",
  "5\r\nhello0\r\n\r\n",
  "5\r\nhello\n0\r\n\r\n",
  "5\r\nhello\r0\r\n\r\n",
  "5\r\r\nhello\r\n0\r\n\r\n",
  "0\r\nX y\r\n\r\n",
  "0\r\nX : y\r\n\r\n",
  "0\r\n X: y\r\n\r\n",
  "0\r\nX: a\0b\r\n\r\n",
  "0\r\nX: y\n\r\n",
  "FFFFFFFFFFFFFFFF\r\n",
  "00000000000000001\r\n",
  `5;${"a".repeat(300)}\r\nhello\r\n0\r\n\r\n`,
  `0\r\n${"X: y\r\n".repeat(5_000)}\r\n`,
];
for (const text of INVALID) {
  Deno.test(`ChunkedDecoder refuses ${JSON.stringify(text.slice(0, 40))}, however it is split`, () => {
    assert.throws(() => decode([bytes(text)]), HttpSyntaxError);
    assert.throws(
      () => decode(Array.from(bytes(text), (byte) => Buffer.from([byte]))),
      HttpSyntaxError,
    );
  });
}

Deno.test("ChunkedDecoder gives back what encodeChunk() was given, for any chunks and any split", () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(fc.property(fc.array(chunk, { maxLength: 6 }), fc.array(fc.nat()), (chunks, cuts) => {
    const whole = Buffer.concat([...chunks.map(encodeChunk), LAST_CHUNK]);
    const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
    const parts = [0, ...places].map((from, at) => whole.subarray(from, places[at]));
    const { data, done, left } = decode(parts);
    assert.equal(data, Buffer.concat(chunks).toString("latin1"));
    assert.deepEqual([done, left], [true, ""]);
  }));
});
