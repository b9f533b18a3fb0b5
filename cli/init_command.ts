import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";

/** Flags of `init`; each answers a question. */
export interface InitFlags {
  readonly agent?: string;
  readonly bottle?: string;
  readonly extends?: readonly string[];
  readonly provider?: string;
  readonly authToken?: string;
  readonly forwardHostCredentials: boolean;
  readonly allow?: readonly string[];
  readonly gitUser?: string;
  readonly repo?: string;
  readonly hostKey?: string;
  readonly key?: string;
  readonly repoToken?: string;
  readonly project: boolean;
  readonly prompt?: string;
  readonly yes: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
}

function text(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, brief, placeholder, optional: true } as const;
}

function list(brief: string, placeholder: string) {
  return { ...text(brief, placeholder), variadic: true } as const;
}

function yes(brief: string) {
  return { kind: "boolean", brief, default: false, withNegated: false } as const;
}

export const initCommand = buildCommand<InitFlags, [], CliContext>({
  loader: async () => (await import("./init.ts")).init,
  parameters: {
    flags: {
      agent: text("Name of the agent", "NAME"),
      bottle: text("Bottle it works in: one that is there, or the name of a new one", "NAME"),
      extends: list("Bottle that the new one builds on (repeatable)", "NAME"),
      provider: text("Who the agent is, such as claude; command is a shell", "NAME"),
      authToken: text("Host variable that holds the agent's credential: its name", "VARIABLE"),
      forwardHostCredentials: yes("Use the login that codex has on this machine instead"),
      allow: list("Host that the agent may reach besides its own API (repeatable)", "HOST"),
      gitUser: text("Who its commits are by", "'NAME <EMAIL>'"),
      repo: text("Repository that it may push to", "URL"),
      hostKey: text("Public key of the repository's ssh server", "KEY"),
      key: text("File with the private key for the repository, for ssh", "FILE"),
      repoToken: text("Host variable that holds a token for the repository, for https", "VARIABLE"),
      project: yes("Write the agent to this folder's .bot-bottle, not to your home"),
      prompt: text("System prompt", "TEXT"),
      yes: yes("Ask only what has no default"),
      force: yes("Replace files that are there"),
      dryRun: yes("Print the files, and write nothing"),
    },
  },
  docs: {
    brief: "Make an agent and its bottle by questions, or by flags",
    customUsage: [
      { input: "", brief: "asks" },
      {
        input: "--agent dev --bottle dev --provider claude --auth-token CLAUDE_OAUTH",
        brief: "asks nothing without a terminal",
      },
      {
        input: "--agent reviewer --bottle dev --prompt 'You review.'",
        brief: "in a bottle that is there",
      },
    ],
    fullDescription:
      "Writes Markdown files that explain themselves; bot-bottle edit NAME changes them. They are checked as a start\n" +
      "checks them before they are written. A credential is named by its variable, never by its value.",
  },
});
