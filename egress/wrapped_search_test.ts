import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SecretMask, SecretSet } from "./secret_mask.ts";

const SECRET = ["tok", "8fK2pQz7", "Vw3xLm9R", "tY6bNc1D"].join("-");

/** Text in lines of `width`, with `between` at their ends. */
function folded(text: string, width: number, between: string): string {
  return text.match(new RegExp(`.{1,${width}}`, "g"))!.join(between);
}

/** Base64 of the secret among other bytes, as a mail program or `base64` writes it. */
function encoded(before: number): string {
  return Buffer.from(`${"x".repeat(before)}${SECRET}${"y".repeat(60)}`).toString("base64");
}

function maskedIn(pieces: readonly string[]): string {
  const mask = new SecretMask(new SecretSet([SECRET]));
  return Buffer.concat([...pieces.map((piece) => mask.push(Buffer.from(piece))), mask.flush()])
    .toString();
}

/** Whether the secret can be read from what is left. */
function leaks(text: string): boolean {
  const joined = text.replace(/\\[rn]|\s/g, "");
  const readable = Buffer.from(joined.replaceAll("*", "A"), "base64").toString("latin1");
  return readable.includes(SECRET.slice(6));
}

for (
  const [name, between] of [["LF", "\n"], ["CRLF", "\r\n"], ["JSON's \\n", "\\n"], [
    "JSON's \\r\\n",
    "\\r\\n",
  ]] as const
) {
  Deno.test(`a secret in base64 that ${name} breaks is masked wherever the break falls`, () => {
    for (let before = 20; before < 60; before++) {
      const text = `{"content": "\n${folded(encoded(before), 76, between)}"}`;
      const masked = maskedIn([text]);
      assert.ok(!leaks(masked.slice(14)), `offset ${before}`);
      assert.equal(masked.length, text.length);
      assert.equal(masked.replace(/[^\n\r\\]/g, ""), text.replace(/[^\n\r\\]/g, ""), "breaks stay");
    }
  });
}

Deno.test("a broken secret is masked however the stream is divided", () => {
  const text = `${folded(encoded(40), 64, "\n")}\n`;
  for (let at = 1; at < text.length; at++) {
    assert.ok(!leaks(maskedIn([text.slice(0, at), text.slice(at)])), `divided at ${at}`);
  }
});

Deno.test("hex and base32 that break are masked too", () => {
  const hex = folded(Buffer.from(`abc${SECRET}def`).toString("hex"), 60, "\n");
  assert.match(maskedIn([hex]), /\*{20}/);
});

Deno.test("base64 without a secret keeps every byte, and nothing of it is held back", () => {
  const text = `${folded(Buffer.from("harmless ".repeat(90)).toString("base64"), 76, "\n")}\n`;
  const mask = new SecretMask(new SecretSet([SECRET]));
  assert.equal(mask.push(Buffer.from(text)).toString(), text);
  assert.equal(mask.holding, false);
});
