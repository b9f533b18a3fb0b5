import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import {
  backendFlag,
  bottleFlag,
  cwdFlag,
  envFlag,
  parseLabel,
  promptFileFlag,
  yesFlag,
} from "./flags.ts";
import { LABEL_COLOURS } from "./label_colours.ts";
import { parsePrompt } from "./start/prompt_text.ts";

/** Flags of `start`. */
export interface StartFlags {
  readonly bottle?: readonly string[];
  readonly backend?: string;
  readonly cwd: boolean;
  readonly env?: readonly (readonly [string, string])[];
  readonly label?: string;
  readonly color?: typeof LABEL_COLOURS[number];
  readonly prompt?: string;
  readonly promptFile?: string;
  readonly yes: boolean;
  /** An agent of the working directory may stand in for one at home without a question. */
  readonly projectAgent: boolean;
  readonly dryRun: boolean;
}

export const startCommand = buildCommand<StartFlags, [agent?: string], CliContext>({
  loader: async () => (await import("./start.ts")).start,
  parameters: {
    flags: {
      bottle: bottleFlag,
      backend: backendFlag,
      cwd: cwdFlag,
      env: envFlag,
      label: {
        kind: "parsed",
        parse: parseLabel,
        brief: "Name for people; becomes the bottle's slug",
        placeholder: "TEXT",
        optional: true,
      },
      color: {
        kind: "enum",
        values: LABEL_COLOURS,
        brief: "Colour of the label",
        optional: true,
      },
      prompt: {
        kind: "parsed",
        parse: parsePrompt,
        brief: "Run this once without a terminal and print the answer",
        placeholder: "TEXT",
        optional: true,
      },
      promptFile: promptFileFlag,
      yes: yesFlag,
      projectAgent: {
        kind: "boolean",
        brief: "With --yes: an agent of this folder may replace yours of the same name",
        default: false,
        withNegated: false,
      },
      dryRun: {
        kind: "boolean",
        brief: "Show what would start, and stop",
        default: false,
        withNegated: false,
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "Agent to start; asked when it is left out",
        parse: String,
        placeholder: "AGENT",
        optional: true,
      }],
    },
  },
  docs: {
    brief: "Start an agent in a bottle and attach to it",
    customUsage: [
      { input: "", brief: "asks for the agent, its bottles, a label and a colour" },
      { input: "dev", brief: "agent dev: Enter, Enter, y starts it as its file says" },
      { input: "dev --bottle base --bottle web --yes", brief: "in these bottles, asking nothing" },
      { input: "dev --cwd --label 'Fix the parser' --color blue", brief: "with this folder" },
      { input: "dev --yes --prompt 'make test'", brief: "once, without a terminal" },
      { input: "dev --yes --prompt-file task.md", brief: "the same, with a text from a file" },
    ],
    fullDescription:
      "Asks what no flag says, shows the effective manifest, asks for a yes, starts the bottle\n" +
      "and attaches to it. On every screen Esc goes back and Ctrl-C leaves.\n" +
      "With provider command the agent is a shell; --prompt TEXT runs `sh -c TEXT`.\n" +
      "Home, workspace and events stay afterwards; bot-bottle list shows them.",
  },
});
