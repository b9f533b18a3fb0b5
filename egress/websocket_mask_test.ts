import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { SecretSet } from "./secret_mask.ts";
import { MessageMask } from "./websocket_mask.ts";

const SECRET = "a-secret-of-the-route";

function masked(...messages: string[]): string[] {
  const mask = new MessageMask(new SecretSet([SECRET]));
  return messages.map((text) => mask.mask(Buffer.from(text)).toString());
}

Deno.test("a secret inside a message is masked, and the message keeps its length", () => {
  assert.deepEqual(masked(`key ${SECRET}.`), [`key ${"*".repeat(SECRET.length)}.`]);
});

Deno.test("of a secret in pieces, what follows the first few bytes is masked, whoever cuts it", () => {
  assert.deepEqual(masked("see a-secr", "et-of", "-the", "-route", " and more"), [
    "see a-secr",
    "*****",
    "****",
    "******",
    " and more",
  ]);
  assert.deepEqual(masked(...SECRET).join("").slice(7), "*".repeat(SECRET.length - 7));
});

Deno.test("what is no secret passes as it came", () => {
  const texts = ["a-secre", "cy of", "", "a-secret kept by somebody else"];
  assert.deepEqual(masked(...texts), texts);
});
