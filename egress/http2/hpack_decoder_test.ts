import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { HpackDecoder } from "./hpack_decoder.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

const LIMITS = { fields: 256, bytes: 65_536 };
const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** Decodes blocks one after the other, as on one connection, to lines of `name: value`. */
function decodeAll(...blocks: string[]): string[][] {
  const decoder = new HpackDecoder();
  return blocks.map((block) =>
    decoder.decode(bytesOf(block), LIMITS).fields.map(([name, value]) => `${name}: ${value}`)
  );
}

const REQUESTS = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [
    ":method: GET",
    ":scheme: http",
    ":path: /",
    ":authority: www.example.com",
    "cache-control: no-cache",
  ],
  [
    ":method: GET",
    ":scheme: https",
    ":path: /index.html",
    ":authority: www.example.com",
    "custom-key: custom-value",
  ],
];

Deno.test("decode() reads the literals of RFC 7541 appendix C.2", () => {
  assert.deepEqual(
    decodeAll(
      "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      "040c 2f73 616d 706c 652f 7061 7468",
      "1008 7061 7373 776f 7264 0673 6563 7265 74",
      "82",
    ),
    [["custom-key: custom-header"], [":path: /sample/path"], ["password: secret"], [
      ":method: GET",
    ]],
  );
});

Deno.test("decode() reads the requests of RFC 7541 appendix C.3", () => {
  assert.deepEqual(
    decodeAll(
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ),
    REQUESTS,
  );
});

Deno.test("decode() reads the Huffman-coded requests of RFC 7541 appendix C.4", () => {
  assert.deepEqual(
    decodeAll(
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ),
    REQUESTS,
  );
});

Deno.test("decode() forgets the oldest fields of a full table, as in RFC 7541 appendix C.6", () => {
  const [, , third] = decodeAll(
    // The table of the example has 256 bytes.
    "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6" +
      "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
    "4883 640e ffc1 c0bf",
    "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7" +
      "821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed" +
      "4ee5 b106 3d50 07",
  );
  assert.deepEqual(third, [
    ":status: 200",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:22 GMT",
    "location: https://www.example.com",
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ]);
});

for (
  const [what, block] of [
    ["the index 0", "80"],
    ["an index that the table does not have", "be"],
    ["an integer that never ends", "ffffffffffffffffffff"],
    ["an integer that ends with the block", "ff"],
    ["a string that is longer than the block", "000561"],
    ["a name without a value", "000161"],
    ["a table that is larger than announced", "3fe21f"],
    ["a table size after a field", "8220"],
    ["the end of a string inside of it", "000161 84 ffffffff"],
    ["a string that ends with eight ones", "000161 82 1fff"],
    ["a string that ends with a zero", "000161 81 00"],
  ] as const
) {
  Deno.test(`decode() refuses ${what}`, () => {
    assert.throws(
      () => new HpackDecoder().decode(bytesOf(block), LIMITS),
      (error) => error instanceof ConnectionError && error.code === ErrorCode.compression,
    );
  });
}

Deno.test("decode() counts what references unpack to, keeps the first fields, and goes on", () => {
  const decoder = new HpackDecoder();
  const large = "a".repeat(4_000);
  const announced = Buffer.concat([
    bytesOf("40 01 78 7f a1 1e"), // x, 127 + 0x21 + (0x1e << 7) = 4,000 bytes
    Buffer.from(large),
  ]);
  assert.deepEqual(decoder.decode(announced, LIMITS).fields, [["x", large]]);
  const bomb = decoder.decode(Buffer.alloc(60_000, 0xbe), LIMITS);
  assert.equal(bomb.overflow, true);
  assert.ok(bomb.fields.length <= 16);
  const many = decoder.decode(Buffer.alloc(257, 0x82), LIMITS);
  assert.deepEqual([many.overflow, many.fields.length], [true, 256]);
  assert.deepEqual(decoder.decode(bytesOf("be"), LIMITS), {
    fields: [["x", large]],
    overflow: false,
  });
});

Deno.test("decode() never fails but by its own error, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const decoder = new HpackDecoder();
    for (let block = 0; block < 2; block++) {
      try {
        decoder.decode(Buffer.from(bytes), LIMITS);
      } catch (error) {
        assert.ok(error instanceof ConnectionError);
      }
    }
  }));
});

Deno.test("what HpackEncoder writes is what HpackDecoder reads, block after block", () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  const field = fc.tuple(fc.oneof(fc.constantFrom("date", "location", "x-own"), text), text);
  const block = fc.tuple(fc.integer({ min: 100, max: 599 }), fc.array(field));
  fc.assert(fc.property(fc.array(block, { maxLength: 4 }), (blocks) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    for (const [status, fields] of blocks) {
      assert.deepEqual(decoder.decode(encoder.encode(status, fields), LIMITS).fields, [
        [":status", String(status)],
        ...fields,
      ]);
    }
  }));
});
