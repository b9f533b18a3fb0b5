import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";
import { oneBottleFlag } from "./supervise_command.ts";

/** Flags of `approve`. */
export interface ApproveFlags {
  readonly reason?: string;
  readonly file?: string;
  readonly stale: boolean;
  readonly bottle?: string;
  readonly json: boolean;
}

/** The positional of `approve` and `reject`. */
export const proposalPositional = {
  kind: "tuple",
  parameters: [{ brief: "Proposal, or the beginning of its id", parse: String, placeholder: "ID" }],
} as const;

export const approveCommand = buildCommand<ApproveFlags, [id: string], CliContext>({
  loader: async () => (await import("./approve.ts")).approve,
  parameters: {
    flags: {
      reason: {
        kind: "parsed",
        parse: String,
        brief: "Why; recorded, and told to whoever asked. Needed for what is held",
        placeholder: "TEXT",
        optional: true,
      },
      file: {
        kind: "parsed",
        parse: String,
        brief: "Apply this routes.yaml in the place of the proposed one",
        placeholder: "FILE",
        optional: true,
      },
      stale: {
        kind: "boolean",
        brief: "Also when the live routes changed since it was proposed",
        default: false,
        withNegated: false,
      },
      bottle: oneBottleFlag,
      json: jsonFlag,
    },
    positional: proposalPositional,
  },
  docs: {
    brief: "Approve a proposal; routes are in effect at once",
    customUsage: [
      { input: "k3m9x", brief: "the proposal whose id begins like that" },
      { input: "k3m9x --reason 'a key of the test data'", brief: "what is held needs a reason" },
      { input: "k3m9x --file narrower.yaml", brief: "approve with routes of your own" },
    ],
  },
});
