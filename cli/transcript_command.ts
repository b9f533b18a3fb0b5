import { buildCommand, numberParser } from "@stricli/core";
import { BottleError, ExitCode } from "../core/errors.ts";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `transcript`. */
export interface TranscriptFlags {
  readonly session?: number;
  readonly all: boolean;
  readonly last?: number;
  readonly json: boolean;
}

export const transcriptCommand = buildCommand<TranscriptFlags, [slug: string], CliContext>({
  loader: async () => (await import("./transcript.ts")).transcript,
  parameters: {
    flags: {
      session: {
        kind: "parsed",
        parse: countingNumber,
        brief: "This session instead of the last one; 1 is the oldest",
        placeholder: "N",
        optional: true,
      },
      all: {
        kind: "boolean",
        brief: "Every session, the oldest first",
        default: false,
        withNegated: false,
      },
      last: {
        kind: "parsed",
        parse: countingNumber,
        brief: "Only the last entries",
        placeholder: "N",
        optional: true,
      },
      json: { ...jsonFlag, brief: "Print one JSON object a line: time, role, kind, text, tool" },
    },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "Bottle", parse: String, placeholder: "SLUG" }],
    },
  },
  docs: {
    brief: "The agent's conversation, as its own CLI recorded it",
    customUsage: [
      { input: "dev-k3x9a", brief: "the last session; also while the bottle runs" },
      { input: "dev-k3x9a --last 20", brief: "how it ended" },
      { input: "dev-k3x9a --all --json", brief: "everything, for scripts" },
    ],
    fullDescription:
      "Reads the record that the agent's CLI keeps in the bottle's home. The agent can write there: what it\n" +
      "says is the agent's word. bot-bottle logs shows what bot-bottle itself recorded.",
  },
});

/** A whole number from 1. Throws BottleError `bad_number`. */
function countingNumber(text: string): number {
  const value = numberParser(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new BottleError(`Cannot use ${JSON.stringify(text)}: it is not a whole number from 1`, {
    code: "bad_number",
    exit: ExitCode.usage,
    hint: "write a number such as 20",
  });
}
