import { equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { rawView } from "../text/view.ts";
import { DecodeBudget, defaultLimits } from "./budget.ts";
import { decodedViews } from "./decode_tree.ts";
import { withoutContentCoding } from "../content_coding.ts";

const PHRASE = "the quick brown fox jumps over 13 lazy dogs";

function layers(text: string | Uint8Array, limits = defaultLimits(10_000)) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const budget = new DecodeBudget(limits);
  const views = [...decodedViews(rawView(bytes), budget)];
  return { texts: views.map((view) => view.text), budget };
}

Deno.test("decodedViews() undoes up to four layers", () => {
  let text = PHRASE;
  for (let layer = 1; layer <= 4; layer++) {
    text = Buffer.from(text).toString("base64");
    const { texts, budget } = layers(text);
    ok(texts.some((inner) => inner.includes(PHRASE)), `${layer} layers`);
    equal(budget.exhausted, undefined);
  }
});

Deno.test("decodedViews() says that a fifth layer was left", () => {
  let text = PHRASE;
  for (let layer = 0; layer < 6; layer++) text = Buffer.from(text).toString("base64");
  const { texts, budget } = layers(text);
  ok(!texts.some((inner) => inner.includes(PHRASE)));
  ok(budget.exhausted !== undefined);
});

Deno.test("decodedViews() says that a bomb was not unpacked", () => {
  const bomb = gzipSync(Buffer.alloc(8_000_000, "a"));
  ok(layers(bomb, { depth: 4, bytes: 100_000, pieces: 10 }).budget.exhausted !== undefined);
});

Deno.test("decodedViews() finds text in Base64 that is glued to other characters", () => {
  for (const glue of ["", "a", "ab", "abc"]) {
    const { texts } = layers(glue + Buffer.from(PHRASE).toString("base64"));
    ok(texts.some((inner) => inner.includes("brown fox jumps over 13 lazy")), glue);
  }
});

Deno.test("decodedViews() never throws and stays within its budget, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
    const limits = { depth: 4, bytes: 20_000, pieces: 50 };
    const { texts } = layers(bytes, limits);
    ok(texts.length <= limits.pieces + 8);
    ok(texts.reduce((sum, text) => sum + text.length, 0) <= limits.bytes + 8 * bytes.length);
  }));
});

Deno.test("withoutContentCoding() undoes stacked codings and refuses what it cannot read", () => {
  const twice = gzipSync(gzipSync(PHRASE));
  const read = withoutContentCoding(twice, "gzip, gzip");
  equal("bytes" in read && Buffer.from(read.bytes).toString(), PHRASE);
  for (const coding of ["lzma", "zstd", "gzip,gzip,gzip,gzip,gzip"]) {
    ok("refused" in withoutContentCoding(twice, coding), coding);
  }
});

Deno.test("decodedViews() finds what is encoded in a path, whatever slashes stand around and in it", () => {
  // Base64 of this has a slash after 21 characters.
  const text = "????????????????????>>>>?????????????? behind a slash";
  const base64 = btoa(text);
  ok(base64.includes("/"));
  const packed = gzipSync(`${PHRASE} ${"?".repeat(40)}`).toString("base64");
  for (const path of [`com/v1/${base64}`, `/v1/${base64}/x`, `/abc/de/f/${base64}`]) {
    ok(layers(path).texts.some((found) => found.includes("behind a slash")), path);
  }
  for (const path of [`com/${packed}`, `/v1/${packed}/x/y`]) {
    ok(layers(path).texts.some((found) => found.includes(PHRASE)), path);
  }
});

Deno.test("decodedViews() unpacks gzip that goes on after its end, or has a name", () => {
  const packed = gzipSync(PHRASE);
  const named = Buffer.concat([
    packed.subarray(0, 3),
    Buffer.from([8]),
    packed.subarray(4, 10),
    Buffer.from("a name\0"),
    packed.subarray(10),
    Buffer.from("and a tail"),
  ]);
  for (const bytes of [Buffer.concat([packed, Buffer.from("\n")]), named]) {
    ok(layers(bytes).texts.includes(PHRASE));
  }
});
