import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { type ManifestFlags, manifestParameters } from "./info_command.ts";

export const explainCommand = buildCommand<ManifestFlags, [agent?: string], CliContext>({
  loader: async () => (await import("./explain.ts")).explain,
  parameters: manifestParameters,
  docs: {
    brief: "What an agent would get, each value with the file and line it came from",
    customUsage: ["dev", "dev --bottle base --bottle network", "--bottle dev --json"],
  },
});
