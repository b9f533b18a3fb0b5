import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { bottleFlag, jsonFlag } from "./flags.ts";

/** Flags of `info` and `explain`. */
export interface ManifestFlags {
  readonly bottle?: readonly string[];
  readonly json: boolean;
}

/** Parameters of `info` and `explain`: an agent, or bottles alone. */
export const manifestParameters = {
  flags: { bottle: bottleFlag, json: jsonFlag },
  positional: {
    kind: "tuple",
    parameters: [{
      brief: "Agent; may be left out with --bottle",
      parse: String,
      placeholder: "AGENT",
      optional: true,
    }],
  },
} as const;

export const infoCommand = buildCommand<ManifestFlags, [agent?: string], CliContext>({
  loader: async () => (await import("./explain.ts")).info,
  parameters: manifestParameters,
  docs: {
    brief: "What an agent would get",
    customUsage: ["dev", "dev --bottle base --bottle network", "--bottle dev --json"],
  },
});
