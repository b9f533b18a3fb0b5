import { equal, match } from "node:assert/strict";
import { sampleSecret } from "../tests/support/sample_token.ts";
import { weakSecretWarnings } from "./weak_secrets.ts";

Deno.test("secrets that cannot be guarded well are named with what that means, without their values", () => {
  const strong = { name: "STRONG", value: sampleSecret() };
  const warnings = weakSecretWarnings([
    strong,
    { name: "SHORT", value: "hunter2!" },
    { name: "ALIKE", value: "a".repeat(40) },
    { name: "TINY", value: "abc" },
  ]);
  equal(warnings.length, 3);
  match(warnings[0]!, /^the secret in SHORT is too weak .*: it is looked for as it is only$/);
  match(warnings[1]!, /^the secret in ALIKE is too weak .*: it is looked for as it is only$/);
  match(warnings[2]!, /^the secret in TINY is too weak .*: it is not looked for$/);
  for (const value of ["hunter2", "aaaa", "abc"]) equal(warnings.join().includes(value), false);
});
