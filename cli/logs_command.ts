import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `logs`. */
export interface LogsFlags {
  readonly follow: boolean;
  readonly type?: string;
  readonly json: boolean;
}

export const logsCommand = buildCommand<LogsFlags, [slug: string], CliContext>({
  loader: async () => (await import("./logs.ts")).logs,
  parameters: {
    flags: {
      follow: {
        kind: "boolean",
        brief: "Go on until the bottle ends",
        default: false,
        withNegated: false,
      },
      type: {
        kind: "parsed",
        parse: String,
        brief: "Only events of this type",
        placeholder: "TYPE",
        optional: true,
      },
      json: { ...jsonFlag, brief: "Print the lines as they stand in the files" },
    },
    aliases: { f: "follow" },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Bottle", parse: String, placeholder: "SLUG" }],
    },
  },
  docs: {
    brief: "Events of a bottle, the host's and the sidecar's, in the order of their times",
    customUsage: ["dev-k3x9a", "dev-k3x9a -f --type egress", "dev-k3x9a --json"],
  },
});
