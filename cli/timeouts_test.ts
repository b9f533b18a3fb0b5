import { deepEqual, throws } from "node:assert/strict";
import { approvalTimes } from "./timeouts.ts";

const host = (variables: Readonly<Record<string, string>>) => ({
  env: (name: string) => variables[name],
});

Deno.test("times are given in seconds and kept in milliseconds; an unset one is left out", () => {
  deepEqual(approvalTimes(host({ SUPERVISE_TIMEOUT_SECONDS: "90" })), { supervise: 90_000 });
  deepEqual(approvalTimes(host({ EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS: "" })), {});
});

Deno.test("a time that is no number of seconds within a day is refused by name", () => {
  for (const text of ["0", "-1", "1e3", "5m", "86401", "123456"]) {
    throws(
      () => approvalTimes(host({ SUPERVISE_GITLEAKS_ALLOW_TIMEOUT_SECONDS: text })),
      /SUPERVISE_GITLEAKS_ALLOW_TIMEOUT_SECONDS/,
    );
  }
});
