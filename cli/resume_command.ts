import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { envFlag, promptFileFlag, yesFlag } from "./flags.ts";
import { parsePrompt } from "./start/prompt_text.ts";

/** Which of a bottle's files a start goes on with. */
export const START_POINTS = ["commit", "end", "before"] as const;
export type StartPoint = typeof START_POINTS[number];

/** Flags of `resume`. */
export interface ResumeFlags {
  readonly from?: StartPoint;
  readonly env?: readonly (readonly [string, string])[];
  readonly prompt?: string;
  readonly promptFile?: string;
  readonly yes: boolean;
}

export const resumeCommand = buildCommand<ResumeFlags, [slug?: string], CliContext>({
  loader: async () => (await import("./resume.ts")).resume,
  parameters: {
    flags: {
      from: {
        kind: "enum",
        values: START_POINTS,
        brief:
          "Files to go on with: the last commit, those at the bottle's end, or those that a commit replaced",
        optional: true,
      },
      env: envFlag,
      prompt: {
        kind: "parsed",
        parse: parsePrompt,
        brief: "Say this once without a terminal and print the answer",
        placeholder: "TEXT",
        optional: true,
      },
      promptFile: promptFileFlag,
      yes: yesFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "Bottle that is kept; asked when it is left out",
        parse: String,
        placeholder: "SLUG",
        optional: true,
      }],
    },
  },
  docs: {
    brief: "Go on with a bottle that is kept: same agent, files and conversation",
    customUsage: [
      { input: "dev-k3x9a", brief: "on this terminal" },
      { input: "dev-k3x9a --from end", brief: "with what is newer than its commit" },
      { input: "dev-k3x9a --yes --prompt 'and now the tests'", brief: "once, without a terminal" },
    ],
    fullDescription: "Reads what was chosen from the bottle's record, and the manifests anew.\n" +
      "Works after an exit, a crash, a kill of the host and a reboot.\n" +
      "The first resume after a commit starts from it; the files it replaces are kept and named.",
  },
});
