import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";

/** Flags of `edit`. */
export interface EditFlags {
  readonly bottle?: string;
}

export const editCommand = buildCommand<EditFlags, [agent?: string], CliContext>({
  loader: async () => (await import("./edit.ts")).edit,
  parameters: {
    flags: {
      bottle: {
        kind: "parsed",
        parse: String,
        brief: "Edit this bottle instead of an agent",
        placeholder: "NAME",
        optional: true,
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Agent", parse: String, placeholder: "AGENT", optional: true }],
    },
  },
  docs: {
    brief: "Change an agent or a bottle in your editor; it is checked before it is kept",
    customUsage: [
      { input: "dev", brief: "the agent dev" },
      { input: "--bottle dev", brief: "the bottle dev" },
    ],
    fullDescription:
      "VISUAL, EDITOR or vi gets a draft. What is saved is checked as a start checks it; a draft with\n" +
      "an error can be edited again, kept for a day, or dropped. The manifest is replaced in one step.",
  },
});
