import { buildCommand, buildRouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of every listing. */
export interface ListFlags {
  readonly json: boolean;
}

const parameters = { flags: { json: jsonFlag } };

export const listCommand = buildRouteMap({
  routes: {
    available: buildCommand<ListFlags, [], CliContext>({
      loader: async () => (await import("./list.ts")).listAvailable,
      parameters,
      docs: {
        brief: "Agents and bottles that can be chosen here",
        customUsage: ["", "--json"],
      },
    }),
    active: buildCommand<ListFlags, [], CliContext>({
      loader: async () => (await import("./list.ts")).listActive,
      parameters,
      docs: {
        brief: "Bottles that run, and those that are kept",
        customUsage: ["", "--json"],
      },
    }),
  },
  defaultCommand: "active",
  docs: { brief: "List what can be chosen (available), or what runs and is kept (active)" },
});
