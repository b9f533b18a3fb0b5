import { buildCommand, buildRouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `audit verify`. */
export interface AuditFlags {
  readonly json: boolean;
}

const verifyCommand = buildCommand<AuditFlags, string[], CliContext>({
  loader: async () => (await import("./audit.ts")).auditVerify,
  parameters: {
    flags: { json: jsonFlag },
    positional: {
      kind: "array",
      parameter: { brief: "Bottle; all of them unless given", parse: String, placeholder: "SLUG" },
    },
  },
  docs: {
    brief: "Walk the hash chains of events and name the first line that does not fit",
    customUsage: ["", "dev-k3x9a", "--json"],
  },
});

export const auditCommands = buildRouteMap({
  routes: { verify: verifyCommand },
  docs: { brief: "The record of what happened" },
});
