import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { SecretMask, SecretSet } from "./secret_mask.ts";
import { secretForms } from "./secret_forms.ts";

/** Splits bytes at the given places; a place past the end is none. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
}

function masked(secrets: SecretSet, parts: readonly Buffer[]): string {
  const mask = new SecretMask(secrets);
  const out = parts.map((part) => Buffer.from(mask.push(part)));
  return Buffer.concat([...out, mask.flush()]).toString("latin1");
}

/** `!` where the first text has a mask and the second has none, `=` elsewhere. */
function unmaskedBy(first: string, second: string): string {
  return [...first].map((character, at) => character === "*" && second[at] !== "*" ? "!" : "=")
    .join("");
}

const secretText = fc.string({ minLength: 8, maxLength: 40, unit: "grapheme-ascii" });
const cuts = fc.array(fc.nat(4_000), { maxLength: 12 });

Deno.test("SecretMask masks every form for any split of a stream, but for three bytes that have left", () => {
  fc.assert(
    fc.property(
      secretText,
      fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.nat(40)), { maxLength: 12 }),
      cuts,
      (secret, content, places) => {
        const variants = secretForms(secret).all;
        const bytes = Buffer.concat(
          content.map((part) =>
            typeof part === "number" ? variants[part % variants.length]! : Buffer.from(part)
          ),
        );
        const secrets = new SecretSet([secret]);
        const whole = secrets.mask(bytes).toString("latin1");
        assert.equal(whole.length, bytes.length);
        const split = masked(secrets, pieces(bytes, places));
        assert.equal(split.length, bytes.length);
        assert.match(unmaskedBy(whole, split), /^(?:[^!]|!{1,3}(?!!))*$/);
        assert.ok(/^\*+$/.test(secret) || !split.includes(secret));
        if (/^\*+$/.test(secret)) return; // a mask of asterisks is what it hides
        for (const variant of variants) assert.ok(!whole.includes(variant.toString("latin1")));
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("SecretMask masks secrets that overlap or begin with one another, however they are split", () => {
  const secrets = new SecretSet(["abcd1234", "abcd1234efgh5678", "1234efghWXYZ"]);
  const text = "(abcd1234)(abcd1234efgh5678)(abcd1234efghWXYZ)(abcd1234efgh5679)";
  const expected = `(${"*".repeat(8)})(${"*".repeat(16)})(${"*".repeat(16)})(${
    "*".repeat(8)
  }efgh5679)`;
  for (let size = 1; size <= text.length; size++) {
    const parts = Array.from(
      { length: Math.ceil(text.length / size) },
      (_, at) => Buffer.from(text.slice(at * size, (at + 1) * size)),
    );
    assert.equal(masked(secrets, parts), expected, `pieces of ${size}`);
  }
});

Deno.test("SecretMask holds nothing back of bytes that cannot begin a secret", () => {
  const mask = new SecretMask(new SecretSet(["token-value-1"]));
  assert.equal(String(mask.push(Buffer.from("data: event\n\n"))), "data: event\n\n");
  assert.equal(mask.holding, false);
  assert.equal(String(mask.push(Buffer.from("data: token-"))), "data: ");
  assert.equal(mask.holding, true);
  assert.equal(String(mask.push(Buffer.from("x"))), "token-x");
  assert.equal(mask.holding, false);
});

Deno.test("SecretSet.maskText() masks a header value, and leaves others as they are", () => {
  const secrets = new SecretSet(["hunter2-hunter2"]);
  assert.equal(secrets.maskText("Bearer hunter2-hunter2!"), `Bearer ${"*".repeat(15)}!`);
  assert.equal(secrets.maskText("Bearer hunter2"), "Bearer hunter2");
});

Deno.test("A set without secrets changes nothing", () => {
  const secrets = new SecretSet([]);
  assert.equal(secrets.maskText("abc"), "abc");
  assert.equal(masked(secrets, [Buffer.from("abc"), Buffer.from("def")]), "abcdef");
});

Deno.test("secretForms() of a short secret has no other form that stands in harmless text by chance", () => {
  const forms = secretForms("abc").all.map(String);
  assert.ok(forms.every((form) => form === "abc" || form.length >= 8));
});

Deno.test("A secret of one byte is masked too", () => {
  assert.equal(
    masked(new SecretSet(["x", "yz"]), [Buffer.from("axby"), Buffer.from("zx")]),
    "a*b***",
  );
});
