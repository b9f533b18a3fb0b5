import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { envFlag, yesFlag } from "./flags.ts";

/** Flags of `resume`. */
export interface ResumeFlags {
  readonly env?: readonly (readonly [string, string])[];
  readonly prompt?: string;
  readonly yes: boolean;
}

export const resumeCommand = buildCommand<ResumeFlags, [slug: string], CliContext>({
  loader: async () => (await import("./resume.ts")).resume,
  parameters: {
    flags: {
      env: envFlag,
      prompt: {
        kind: "parsed",
        parse: String,
        brief: "Say this once without a terminal and print the answer",
        placeholder: "TEXT",
        optional: true,
      },
      yes: yesFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Bottle that is kept", parse: String, placeholder: "SLUG" }],
    },
  },
  docs: {
    brief: "Go on with a bottle that is kept: same agent, files and conversation",
    customUsage: [
      { input: "dev-k3x9a", brief: "on this terminal" },
      { input: "dev-k3x9a --yes --prompt 'and now the tests'", brief: "once, without a terminal" },
    ],
    fullDescription: "Reads what was chosen from the bottle's record, and the manifests anew.\n" +
      "Works after an exit, a crash, a kill of the host and a reboot.",
  },
});
