import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

export const completionsCommand = buildCommand<
  Record<never, never>,
  [shell: Shell],
  CliContext
>({
  loader: async () => (await import("./completions.ts")).completions,
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "bash, zsh or fish",
        parse: parseShell,
        placeholder: "SHELL",
      }],
    },
  },
  docs: {
    brief: "Print a completion script",
    customUsage: [
      { input: "bash > ~/.local/share/bash-completion/completions/bot-bottle", brief: "bash" },
      { input: "zsh > ~/.zfunc/_bot-bottle", brief: "zsh, with ~/.zfunc on fpath" },
      { input: "fish > ~/.config/fish/completions/bot-bottle.fish", brief: "fish" },
    ],
  },
});

function parseShell(text: string): Shell {
  const shell = SHELLS.find((known) => known === text);
  if (shell !== undefined) return shell;
  throw new TypeError(`Cannot complete for ${JSON.stringify(text)}: expected ${SHELLS.join(", ")}`);
}
