import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { InvisibleRemover, type RemoverOptions } from "./invisible_remover.ts";

function cleaned(pieces: readonly Uint8Array[], options: RemoverOptions = {}): string {
  const remover = new InvisibleRemover(options);
  return Buffer.concat([...pieces.map((piece) => Buffer.from(remover.push(piece))), remover.end()])
    .toString("latin1");
}

const parts = fc.constantFrom(
  ..."a|Z|7| |\n|-|é|א|ع|葛|\u{1f3f4}|\u{e0067}|\u{e0062}|\u{e007f}|\u200b|\u200d|\u2060|\ufeff|\u202e|\u2067|\u2068|\ufe0f|\ufe00|\u{e0100}|\u{e0155}|\u3164|\\|\\u200b|\\udb40\\udc41|\\ud83c\\udff4|\\n|\u{1f600}"
    .split("|"),
);
const text = fc.array(parts, { maxLength: 40 }).map((all) => Buffer.from(all.join("")));

for (const options of [{}, { escapes: "json" }, { replacement: "spaces" }] as const) {
  Deno.test(`InvisibleRemover gives the same however a text is divided: ${JSON.stringify(options)}`, () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (bytes, cuts) => {
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) =>
          a - b
        );
        const pieces = [0, ...places].map((from, at) => bytes.subarray(from, places[at]));
        const whole = cleaned([bytes], options);
        assert.equal(cleaned(pieces, options), whole);
        if ("replacement" in options) assert.equal(whole.length, bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });
}

Deno.test("InvisibleRemover gives back the very bytes of a text without invisible characters", () => {
  const bytes = Buffer.from("plain, naïve, 日本語, \u{1f600}");
  assert.equal(new InvisibleRemover().push(bytes), bytes);
});

Deno.test("InvisibleRemover keeps JSON valid, and an escaped backslash before u200b as it is", () => {
  const json = JSON.stringify({ a: "x\u200by", b: "\\u200b" }).replace("\u200b", "\\u200b");
  const clean = cleaned([Buffer.from(json)], { escapes: "json" });
  assert.deepEqual(JSON.parse(clean), { a: "xy", b: "\\u200b" });
});

Deno.test("InvisibleRemover removes half a tag whose other half could come in the next event", () => {
  const halves = ['{"text":"a\\udb40"}', '{"text":"\\udc41b"}'].map((half) => Buffer.from(half));
  assert.ok(!cleaned(halves, { escapes: "json" }).includes("db40"));
});

Deno.test("InvisibleRemover drops a hidden text of any length and holds little of it", () => {
  const hidden = Buffer.from("\u{e0041}".repeat(10_000));
  const remover = new InvisibleRemover();
  const out = [];
  for (let at = 0; at < hidden.length; at += 1_000) {
    out.push(remover.push(Buffer.concat([hidden.subarray(at, at + 1_000)])));
  }
  out.push(remover.push(Buffer.from(" end")), remover.end());
  assert.equal(Buffer.concat(out).toString(), " end");
  assert.deepEqual(remover.findings, [{ rule: "tag_characters", severity: "block" }]);
});
