import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `supervise`. */
export interface SuperviseFlags {
  readonly once: boolean;
  readonly show?: string;
  readonly undo?: string;
  readonly bottle?: string;
  readonly json: boolean;
}

/** `--bottle` of commands about one running bottle. */
export const oneBottleFlag = {
  kind: "parsed",
  parse: String,
  brief: "Only this bottle",
  placeholder: "SLUG",
  optional: true,
} as const;

export const superviseCommand = buildCommand<SuperviseFlags, [], CliContext>({
  loader: async () => (await import("./supervise.ts")).supervise,
  parameters: {
    flags: {
      once: {
        kind: "boolean",
        brief: "Print what waits, without a screen",
        default: false,
        withNegated: false,
      },
      show: {
        kind: "parsed",
        parse: String,
        brief: "Print all there is to know about one proposal, without a screen",
        placeholder: "ID",
        optional: true,
      },
      undo: {
        kind: "parsed",
        parse: String,
        brief: "Undo the last change of a bottle's routes",
        placeholder: "SLUG",
        optional: true,
      },
      bottle: oneBottleFlag,
      json: { ...jsonFlag, brief: "Print JSON, without a screen" },
    },
  },
  docs: {
    brief: "Answer what agents propose and what is held: a screen with its keys on it",
    customUsage: [
      { input: "", brief: "the desk: look, approve, modify, reject, undo" },
      { input: "--once", brief: "what waits, as a table" },
      { input: "--show k3m9x", brief: "one proposal: its reasons, and what it would change" },
      { input: "--undo dev-k3x9a", brief: "take back the last change of routes" },
    ],
    fullDescription:
      "Shows what waits for an answer in every running bottle: routes that an agent proposes, requests and\n" +
      "pushes that are held, budgets. approve and reject answer without the screen.",
  },
});
