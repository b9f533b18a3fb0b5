import { buildCommand, buildRouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `toolchain list`. */
export interface ToolchainListFlags {
  readonly json: boolean;
}

const providers = {
  kind: "array",
  parameter: { brief: "Provider; all of them when left out", parse: String, placeholder: "NAME" },
} as const;

const listCommand = buildCommand<ToolchainListFlags, [], CliContext>({
  loader: async () => (await import("./toolchain.ts")).toolchainList,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: "Agent CLIs: the pinned version of each, and whether it is installed" },
});

const installCommand = buildCommand<Record<never, never>, string[], CliContext>({
  loader: async () => (await import("./toolchain.ts")).toolchainInstall,
  parameters: { flags: {}, positional: providers },
  docs: {
    brief: "Install agent CLIs now, so that a start needs no network",
    customUsage: ["claude", "claude codex"],
  },
});

const updateCommand = buildCommand<Record<never, never>, string[], CliContext>({
  loader: async () => (await import("./toolchain.ts")).toolchainUpdate,
  parameters: { flags: {}, positional: providers },
  docs: {
    brief: "Bring installed agent CLIs to the pinned versions, and remove other ones",
    customUsage: ["", "claude"],
  },
});

const verifyCommand = buildCommand<Record<never, never>, string[], CliContext>({
  loader: async () => (await import("./toolchain.ts")).toolchainVerify,
  parameters: { flags: {}, positional: providers },
  docs: {
    brief: "Compare installed agent CLIs with what was installed; exit 1 for a difference",
    customUsage: ["", "claude"],
  },
});

export const toolchainCommands = buildRouteMap({
  routes: {
    list: listCommand,
    install: installCommand,
    update: updateCommand,
    verify: verifyCommand,
  },
  docs: { brief: "Agent CLIs that bottles share" },
});
