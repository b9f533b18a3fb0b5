import { buildCommand } from "@stricli/core";
import { proposalPositional } from "./approve_command.ts";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";
import { oneBottleFlag } from "./supervise_command.ts";

/** Flags of `reject`. */
export interface RejectFlags {
  readonly reason: string;
  readonly bottle?: string;
  readonly json: boolean;
}

export const rejectCommand = buildCommand<RejectFlags, [id: string], CliContext>({
  loader: async () => (await import("./reject.ts")).reject,
  parameters: {
    flags: {
      reason: {
        kind: "parsed",
        parse: String,
        brief: "Why; the agent reads it",
        placeholder: "TEXT",
      },
      bottle: oneBottleFlag,
      json: jsonFlag,
    },
    positional: proposalPositional,
  },
  docs: {
    brief: "Reject a proposal; nothing changes, and the agent is told why",
    customUsage: ["k3m9x --reason 'use the mirror instead'"],
  },
});
