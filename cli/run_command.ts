import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { backendFlag, bottleFlag, cwdFlag, envFlag, parseDuration } from "./flags.ts";

/** Flags of `run`. */
export interface RunFlags {
  readonly bottle?: readonly string[];
  readonly backend?: string;
  readonly cwd: boolean;
  readonly env?: readonly (readonly [string, string])[];
  readonly timeout?: number;
  readonly keep: boolean;
}

export const runCommand = buildCommand<RunFlags, string[], CliContext>({
  loader: async () => (await import("./run.ts")).run,
  parameters: {
    flags: {
      bottle: bottleFlag,
      backend: backendFlag,
      cwd: cwdFlag,
      env: envFlag,
      timeout: {
        kind: "parsed",
        parse: parseDuration,
        brief: "End the command after this time with code 124: seconds, or 90s, 5m, 2h",
        placeholder: "TIME",
        optional: true,
      },
      keep: {
        kind: "boolean",
        brief: "Keep the bottle's home, workspace and events afterwards",
        default: false,
        withNegated: false,
      },
    },
    positional: {
      kind: "array",
      parameter: { brief: "Command and its arguments", parse: String, placeholder: "CMD" },
      minimum: 1,
    },
  },
  docs: {
    brief: "Run any command in a bottle and pass its exit code through",
    customUsage: [
      { input: "-- sh -c 'exit 7'", brief: "nothing allowed out; ends with 7" },
      { input: "--bottle dev --cwd -- npm test", brief: "bottle dev, a copy of this folder" },
      {
        input: "--bottle dev --timeout 5m --env CI=1 -- make",
        brief: "at most five minutes, one variable more",
      },
      {
        input: "--bottle work --cwd -- git push origin HEAD:agent/fix",
        brief: "pushes through the bottle's git-gate, which scans first",
      },
    ],
    fullDescription:
      "Runs a command in a bottle: no credentials, and no network but the routes of " +
      "the bottles named.\nWithout --bottle nothing is allowed out. No agent, no question: for scripts and CI.\n" +
      "The exit code is the command's own; 125 when the bottle could not start.",
  },
});
