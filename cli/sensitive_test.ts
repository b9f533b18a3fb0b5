import { deepEqual, throws } from "node:assert/strict";
import { sensitiveVariables } from "./sensitive.ts";

function host(variables: Readonly<Record<string, string>>) {
  return {
    env: (name: string) => variables[name],
    envMatching: (pattern: RegExp) =>
      Object.fromEntries(Object.entries(variables).filter(([name]) => pattern.test(name))),
  };
}

Deno.test("variables with a sensitive prefix are named to the sidecar, others are not", () => {
  const found = sensitiveVariables(host({
    BOT_BOTTLE_SENSITIVE_PREFIXES: "CORP_, VAULT",
    CORP_KEY: "one",
    CORP_EMPTY: "",
    VAULT_PASSWORD: "two",
    MY_CORP_KEY: "three",
  }));
  deepEqual(found, {
    BOT_BOTTLE_SENSITIVE_CORP_KEY: "one",
    BOT_BOTTLE_SENSITIVE_VAULT_PASSWORD: "two",
  });
});

Deno.test("without prefixes nothing is sensitive", () => {
  for (const BOT_BOTTLE_SENSITIVE_PREFIXES of ["", " ", ",", " , "]) {
    deepEqual(sensitiveVariables(host({ BOT_BOTTLE_SENSITIVE_PREFIXES, CORP_KEY: "one" })), {});
  }
  deepEqual(sensitiveVariables(host({ CORP_KEY: "one" })), {});
});

Deno.test("a prefix is no pattern, and one that guards nothing is refused, not passed over", () => {
  for (const wrong of [".*", "CORP_*", "CORP_ VAULT_", "CORP_;VAULT_", "CORP_,VAULT-", "9A"]) {
    throws(
      () => sensitiveVariables(host({ BOT_BOTTLE_SENSITIVE_PREFIXES: wrong, CORP_KEY: "one" })),
      { name: "BottleError", message: /BOT_BOTTLE_SENSITIVE_PREFIXES/ },
      wrong,
    );
  }
});
