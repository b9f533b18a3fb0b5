import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag, yesFlag } from "./flags.ts";

/** Flags of `cleanup`. */
export interface CleanupFlags {
  readonly yes: boolean;
  readonly json: boolean;
}

export const cleanupCommand = buildCommand<CleanupFlags, [], CliContext>({
  loader: async () => (await import("./cleanup.ts")).cleanup,
  parameters: {
    flags: {
      yes: yesFlag,
      json: { ...jsonFlag, brief: "List as JSON; remove nothing without --yes" },
    },
  },
  docs: {
    brief: "Find what dead bottles left behind, ask, and remove it; what is kept stays",
    customUsage: ["", "--yes", "--json"],
  },
});
