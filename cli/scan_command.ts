import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";

/** Flags of `scan`. */
export interface ScanFlags {
  readonly detector?: readonly string[];
  readonly secret?: readonly string[];
}

export const scanCommand = buildCommand<ScanFlags, [file?: string], CliContext>({
  loader: async () => (await import("./scan.ts")).scan,
  parameters: {
    flags: {
      detector: {
        kind: "parsed",
        parse: String,
        brief: "Detector to add: financial, entropy (repeatable)",
        placeholder: "NAME",
        optional: true,
        variadic: true,
      },
      secret: {
        kind: "parsed",
        parse: String,
        brief: "Variable whose value to look for in every encoding (repeatable)",
        placeholder: "VARIABLE",
        optional: true,
        variadic: true,
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "File to look at; standard input without one, or with -",
        parse: String,
        placeholder: "FILE|-",
        optional: true,
      }],
    },
  },
  docs: {
    brief: "Look for secrets in a file: JSON without the values; exit 1 when something is found",
    customUsage: [
      "request.json",
      "- --detector financial",
      { input: "dump.txt --secret GITHUB_TOKEN", brief: "look for the value of a variable too" },
    ],
  },
});
