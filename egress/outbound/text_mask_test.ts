import { equal, ok } from "node:assert/strict";
import { buildScanner } from "../../dlp/scanner.ts";
import { sampleSecret, sampleToken } from "../../tests/support/sample_token.ts";
import { maskText } from "./text_mask.ts";

const SECRET = sampleSecret();
const scanner = buildScanner({ secrets: [{ name: "KEY", value: SECRET }] });

Deno.test("maskText() leaves what is around a value, and masks each of several", () => {
  const token = sampleToken();
  equal(maskText(`/v1/${token}/x`, scanner), "/v1/[redacted]/x");
  equal(maskText(`/w\u00f6rld/${token}/${SECRET}`, scanner), "/w\u00f6rld/[redacted]/[redacted]");
  equal(maskText("/v1/items/4711", scanner), "/v1/items/4711");
});

Deno.test("maskText() leaves nothing of a text whose value stands there twice or in pieces", () => {
  for (const text of [`${SECRET} ${SECRET}`, [...SECRET].join("/"), btoa(btoa(SECRET))]) {
    ok(!maskText(text, scanner).includes(text.slice(4, 16)), text);
  }
});

Deno.test("maskText() masks what could be a value while there is no scanner, and leaves names", () => {
  equal(maskText(`/v1/${SECRET}9/x`, undefined), "/v1/[redacted]/x");
  equal(
    maskText("internationalization.example.org", undefined),
    "internationalization.example.org",
  );
});
