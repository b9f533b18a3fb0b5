import { deepEqual, equal, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { buildScanner } from "./scanner.ts";
import { scanStream } from "./stream_scan.ts";

const SECRET = ["zk", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("_");
const scanner = buildScanner({ secrets: [{ name: "TOKEN", value: SECRET }] });

async function* chunksOf(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

Deno.test("scanStream() finds a value on the border of two pieces, once and where it is", async () => {
  for (const offset of [1024 * 1024 - 10, 1024 * 1024 + 32 * 1024 - 10]) {
    const text = `${"a ".repeat(offset / 2)}${SECRET}${" b".repeat(700_000)}`;
    const result = await scanStream(scanner, chunksOf(new TextEncoder().encode(text), 65_537));
    equal(result.bytes, text.length);
    deepEqual(result.matches.map(({ rule, start }) => [rule, start]), [["TOKEN", offset]]);
    deepEqual(result.incomplete, []);
  }
});

Deno.test("scanStream() unpacks a gzip stream that is longer than a piece", async () => {
  const packed = gzipSync(`${"word ".repeat(600_000)}${SECRET}`);
  const { matches } = await scanStream(scanner, chunksOf(packed, 1000));
  ok(matches.some(({ rule, via }) => rule === "TOKEN" && via[0] === "gzip"));
});

Deno.test("scanStream() of nothing is clean", async () => {
  deepEqual(await scanStream(scanner, chunksOf(new Uint8Array(), 1)), {
    bytes: 0,
    matches: [],
    incomplete: [],
  });
});
