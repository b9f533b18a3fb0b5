import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { yesFlag } from "./flags.ts";

/** Flags of `remove`. */
export interface RemoveFlags {
  readonly setAside: boolean;
  readonly yes: boolean;
}

export const removeCommand = buildCommand<RemoveFlags, string[], CliContext>({
  loader: async () => (await import("./remove.ts")).remove,
  parameters: {
    flags: {
      setAside: {
        kind: "boolean",
        brief: "Only the files that starts from a commit have set aside",
        default: false,
        withNegated: false,
      },
      yes: yesFlag,
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { brief: "Bottle that is kept", parse: String, placeholder: "SLUG" },
    },
  },
  docs: {
    brief: "Remove bottles that are kept, with their files, commits and events",
    customUsage: [
      { input: "dev-k3x9a fix-the-parser", brief: "both, after asking" },
      { input: "dev-k3x9a --set-aside", brief: "what its resumes replaced; the bottle stays" },
    ],
    fullDescription: "Nothing of a bottle that runs is removed, and nothing comes back.\n" +
      "bot-bottle list shows what is kept; bot-bottle cleanup removes what dead bottles left.",
  },
});
