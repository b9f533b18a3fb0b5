import assert from "node:assert/strict";
import { parseEnvValue } from "./env_value.ts";

Deno.test("parseEnvValue() tells the three kinds apart", () => {
  assert.deepEqual(parseEnvValue("value"), { kind: "literal", text: "value" });
  assert.deepEqual(parseEnvValue(""), { kind: "literal", text: "" });
  assert.deepEqual(parseEnvValue("costs $5 {x}"), { kind: "literal", text: "costs $5 {x}" });
  assert.deepEqual(parseEnvValue("$HOME"), { kind: "literal", text: "$HOME" });
  assert.deepEqual(parseEnvValue("really?"), { kind: "literal", text: "really?" });
  assert.deepEqual(parseEnvValue("${HOST_VAR}"), { kind: "host", variable: "HOST_VAR" });
  assert.deepEqual(parseEnvValue("?Deploy password"), { kind: "ask", question: "Deploy password" });
});

Deno.test("parseEnvValue() refuses what only looks like a host variable or a question", () => {
  for (
    const text of [
      "${A}/bin",
      "x${A}",
      "${}",
      "${A",
      "${A B}",
      "${1A}",
      "${A:-b}",
      "${A}${B}",
      "${A}\n",
      "?",
      "?  ",
      "a\0b",
    ]
  ) {
    assert.ok("problem" in parseEnvValue(text), JSON.stringify(text));
  }
});
