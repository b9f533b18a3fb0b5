import assert from "node:assert/strict";
import { printable } from "../core/printable.ts";
import { diagnosticText } from "../core/check_schema.ts";
import { manifestError } from "./problem.ts";

Deno.test("printable() replaces control, bidirectional and zero-width characters one for one", () => {
  assert.equal(printable("a\tb\nc é 漢"), "a\tb\nc é 漢");
  for (
    const char of [
      "\0",
      "\x1b",
      "\x7f",
      "\x9b",
      "\r",
      "\u200b",
      "\u202e",
      "\u2066",
      "\ufeff",
      "\u2028",
    ]
  ) {
    assert.equal(printable(`a${char}b`), "a\ufffdb", JSON.stringify(char));
  }
});

Deno.test("diagnosticText() shows the line of the position, made safe", () => {
  assert.equal(
    diagnosticText({ file: "a.md", line: 2, column: 3 }, "Bad \x1b", "one\r\ntw\x1bo\r\n"),
    "a.md:2:3: Bad \ufffd\n  2 | tw\ufffdo\n    |   ^",
  );
});

Deno.test("manifestError() leaves with exit code 3, its code, hint and cause", () => {
  const cause = new Error("inner");
  const error = manifestError("manifest_yaml", "Bad", { hint: "do\x07", cause });
  assert.equal(error.exit, 3);
  assert.equal(error.code, "manifest_yaml");
  assert.equal(error.message, "Bad");
  assert.equal(error.hint, "do\ufffd");
  assert.equal(error.cause, cause);
});
