import { deepEqual, equal, throws } from "node:assert/strict";
import { guardedSecrets, holdTime } from "./guarded_secrets.ts";

Deno.test("guardedSecrets() takes tokens, the canary and sensitive variables, and nothing else", () => {
  deepEqual(
    guardedSecrets({
      EGRESS_TOKEN_0: "one",
      EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS: "300",
      EGRESS_TOKEN_1: "",
      BOT_BOTTLE_CANARY: "bird",
      BOT_BOTTLE_SENSITIVE_PREFIXES: "AWS_",
      BOT_BOTTLE_SENSITIVE_AWS_KEY: "two",
      BOT_BOTTLE_LOG_LEVEL: "debug",
      PATH: "/bin",
    }),
    [
      { name: "EGRESS_TOKEN_0", value: "one" },
      { name: "BOT_BOTTLE_CANARY", value: "bird", canary: true },
      { name: "AWS_KEY", value: "two" },
    ],
  );
});

Deno.test("holdTime() is what a number of seconds says", () => {
  const name = "EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS";
  equal(holdTime({}), undefined);
  equal(holdTime({ [name]: "2" }), 2_000);
  for (const text of ["0", "-1", "1e3", "five", "99999"]) {
    throws(() => holdTime({ [name]: text }), /is no number from 1 to 86400/, text);
  }
});
