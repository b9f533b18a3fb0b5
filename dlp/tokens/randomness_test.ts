import { equal, ok } from "node:assert/strict";
import { randomness, wordShare } from "./randomness.ts";

const join = (...parts: string[]) => parts.join("");

for (
  const text of [
    "configurationOptions",
    "SECRET_KEY_BASE_ENV_NAME",
    "application-default",
    "getAccessTokenFromHeader",
    "0000000000000000",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "password",
  ]
) {
  Deno.test(`randomness() takes ${text} for no generated value`, () =>
    equal(randomness(text), "none"));
}

for (
  const [what, text] of [
    ["letters and digits", join("Zq7xW2", "kfP9vB", "4mTj8R")],
    ["hexadecimal digits", join("9f03c1e8", "b74d26a5", "f190e3c7")],
    ["letters without a digit", join("QzPMCUEJ", "pGZCAxLM", "PvcbnLVj")],
    ["digits alone, many of them", join("82064173", "59550398", "271640")],
  ] as const
) {
  Deno.test(`randomness() sees that ${what} were generated`, () =>
    equal(randomness(text), "strong"));
}

Deno.test("randomness() is not sure of short values", () => {
  equal(randomness(join("h4X", "5Lt", "9v")), "weak");
  equal(randomness("93817264"), "weak");
});

Deno.test("wordShare() is high for words, low for drawn letters, and undecided about too few", () => {
  ok(wordShare("authenticationRequired") > 0.85);
  ok(wordShare(join("xqzjw", "vkpbq")) < 0.2);
  equal(wordShare("7a9b2"), 0.5);
});
