import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { CodedTap } from "./coded_tap.ts";

/** What a tap decodes of `coded`, and whether that was everything. */
async function decoded(coded: Buffer, codings: readonly string[], most?: number) {
  let size = 0;
  const tap = new CodedTap(codings, (bytes) => size += bytes.length, most);
  for (let at = 0; at < coded.length; at += 1_000) await tap.push(coded.subarray(at, at + 1_000));
  return { whole: await tap.end(), size };
}

Deno.test("CodedTap decodes everything of an answer, whatever its pieces", async () => {
  const plain = Buffer.from("data: {}\n\n".repeat(50_000));
  for (
    const [coding, coded] of [["gzip", zlib.gzipSync(plain)], [
      "br",
      zlib.brotliCompressSync(plain),
    ]] as const
  ) {
    assert.deepEqual(await decoded(coded, [coding]), { whole: true, size: plain.length }, coding);
  }
});

Deno.test("CodedTap stops at its bound, however much a few bytes decode to, and takes what comes after", async () => {
  const zeros = Buffer.alloc(16 * 1024 * 1024);
  const bombs = [
    [["br"], zlib.brotliCompressSync(zeros)],
    [["gzip", "gzip"], zlib.gzipSync(zlib.gzipSync(zeros))],
  ] as const;
  for (const [codings, bomb] of bombs) {
    assert.ok(bomb.length < 20_000);
    const most = 1024 * 1024;
    const { whole, size } = await decoded(bomb, codings, most);
    assert.equal(whole, false, codings.join());
    assert.ok(size <= most && size > most / 2, String(size));
  }
});

Deno.test("CodedTap lets nobody wait once it has stopped", async () => {
  const tap = new CodedTap(["gzip"], () => {}, 1_000);
  const bomb = zlib.gzipSync(Buffer.alloc(1_000_000));
  await tap.push(bomb);
  assert.equal(await tap.end(), false);
  assert.equal(tap.push(Buffer.alloc(1024 * 1024)), undefined);
});
