import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `commit`. */
export interface CommitFlags {
  readonly json: boolean;
}

export const commitCommand = buildCommand<CommitFlags, [slug?: string], CliContext>({
  loader: async () => (await import("./commit.ts")).commit,
  parameters: {
    flags: { json: jsonFlag },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "Bottle that runs; needed when there are several",
        parse: String,
        placeholder: "SLUG",
        optional: true,
      }],
    },
  },
  docs: {
    brief: "Keep home and workspace of a running bottle as they are now",
    customUsage: [
      { input: "", brief: "the bottle that runs" },
      { input: "dev-k3x9a", brief: "prints the folder that the copy stands in" },
    ],
    fullDescription:
      "Copies the bottle's files while the agent goes on; the next resume starts from the copy.\n" +
      "A bottle has one commit: a new one takes the former's place once it is complete.\n" +
      "Left out are caches, places for credentials, sockets and pipes.",
  },
});
