import { equal } from "node:assert/strict";
import { isExample, isFiller, isPartlyExample, isTemplateValue } from "./placeholder.ts";

const COUNTED = "abcdefghijklmnopqrstuvwxyz";
/** Made at run time: nothing in this file looks like a secret. */
const generated = (length: number) =>
  Array.from({ length }, (_, at) => (COUNTED + "0123456789")[(at * at * 7 + at * 11 + 3) % 36])
    .join("");

for (
  const text of [
    "x".repeat(36),
    "A".repeat(12) + "-" + "B".repeat(24),
    "*".repeat(8),
    "PUT_KEY_HERE",
  ]
) {
  Deno.test(`isFiller() takes ${text} for a placeholder`, () => equal(isFiller(text), true));
}

Deno.test("isFiller() lets generated values pass, also with a short run in them", () => {
  equal(isFiller(generated(40)), false);
  equal(isFiller(`${generated(12)}aaaa${generated(12)}`), false);
});

Deno.test("isFiller() finds the filling of values of any length", () => {
  equal(isFiller("EXAMPLE".repeat(40)), true);
  equal(isFiller("x".repeat(400)), true);
});

for (const text of ["your_key", "the-token", "sample", "EXAMPLEKEY", "redacted"]) {
  Deno.test(`isTemplateValue() takes ${text} for a template's value`, () =>
    equal(isTemplateValue(text), true));
}

for (
  const [what, text] of [
    ["the alphabet", COUNTED],
    ["digits and letters in a row", "1234567890" + "abcdef".repeat(3)],
    ["letters and digits that count up in turns", "a1B2c3D4e5F6g7H8i9J0k1L2"],
    ["a UUID that counts", "a1b2c3d4-e5f6-7890-abcd-ef1234567890"],
  ] as const
) {
  Deno.test(`isExample() sees ${what}`, () => equal(isExample(text), true));
}

Deno.test("isExample() lets generated values pass: letters, digits, hexadecimal", () => {
  equal(isExample(generated(40)), false);
  equal(isExample("8206417359550398271640"), false);
  equal(isExample("9f03c1e8b74d26a5f190e3c7d8"), false);
});

Deno.test("isExample() says nothing about values of a few characters", () => {
  equal(isExample("abc123"), false);
});

Deno.test("a secret with a filling or a count behind it is neither a placeholder nor an example", () => {
  for (
    const rest of [
      "xxxxxxxx",
      "EXAMPLE".repeat(3),
      "abcdefghijklmnopqrstuvwxyz",
      "1234567890".repeat(9),
    ]
  ) {
    const value = generated(32) + rest;
    equal(isFiller(value), false, rest);
    equal(isExample(value), false, rest);
  }
  equal(isPartlyExample(`${generated(32)}abcdefghijkl`), true);
  equal(isPartlyExample(`${generated(32)}EXAMPLE`), true);
  equal(isPartlyExample(generated(40)), false);
});
