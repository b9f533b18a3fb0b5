import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { withoutContentCoding } from "../content_coding.ts";
import { DecodeBudget, defaultLimits } from "./budget.ts";
import { type Compression, decompress, unpack } from "./compression.ts";

const FIRST = Buffer.from("harmless ".repeat(50));
const HIDDEN = Buffer.from("what is behind ".repeat(50));
const budget = () => new DecodeBudget(defaultLimits(10_000));

const CODECS: readonly (readonly [Compression, (bytes: Uint8Array) => Buffer])[] = [
  ["gzip", zlib.gzipSync],
  ["deflate", zlib.deflateSync],
  ["deflate-raw", zlib.deflateRawSync],
  ["br", zlib.brotliCompressSync],
  ["zstd", zlib.zstdCompressSync],
];

for (const [format, compress] of CODECS) {
  Deno.test(`decompress() gives all of ${format}, or nothing when something stands behind it`, () => {
    assert.deepEqual(Buffer.from(decompress(compress(FIRST), format, budget())!), FIRST);
    const padded = Buffer.concat([compress(FIRST), Buffer.from([1, 2, 3, 4, 5])]);
    assert.equal(decompress(padded, format, budget()), undefined);
    const coding = format === "deflate-raw" ? "deflate" : format;
    assert.ok("refused" in withoutContentCoding(padded, coding));
  });
}

for (const [format, compress] of CODECS.filter(([name]) => /gzip|^deflate$|zstd/.test(name))) {
  Deno.test(`what a second member of ${format} holds is seen, behind skippable frames too`, () => {
    const skippable = Buffer.from("505a4d180300000061626300", "hex").subarray(0, 11);
    skippable.writeUInt32LE(0x184d2a50, 0);
    const between = format === "zstd" ? [Buffer.alloc(0), skippable] : [Buffer.alloc(0)];
    for (const gap of between) {
      const both = Buffer.concat([compress(FIRST), gap, compress(HIDDEN)]);
      const whole = Buffer.concat([FIRST, HIDDEN]);
      assert.deepEqual(Buffer.from(unpack(both, budget())!.bytes), whole);
      const decoded = withoutContentCoding(both, format);
      assert.ok("bytes" in decoded);
      assert.deepEqual(Buffer.from(decoded.bytes), whole);
    }
  });
}

Deno.test("members without end run out of budget, and say so", () => {
  const one = zlib.zstdCompressSync(Buffer.from("x"));
  const many = Buffer.concat(Array.from({ length: 1_001 }, () => one));
  const spent = budget();
  assert.equal(unpack(many, spent), undefined);
  assert.match(spent.exhausted!, /members/);
});

Deno.test("damage near the end of a zstd frame is no frame, and nothing else", () => {
  const whole = zlib.zstdCompressSync(FIRST);
  for (let back = 1; back < 12; back++) {
    const damaged = Buffer.from(whole);
    damaged[damaged.length - back]! ^= 0xff;
    decompress(damaged, "zstd", budget());
  }
});
