import { buildCommand } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { jsonFlag } from "./flags.ts";

/** Flags of `doctor`. */
export interface DoctorFlags {
  readonly json: boolean;
}

export const doctorCommand = buildCommand<DoctorFlags, [], CliContext>({
  loader: async () => (await import("./doctor.ts")).doctor,
  parameters: { flags: { json: jsonFlag } },
  docs: {
    brief: "Which backends, tools and permissions work here, and the command that mends each gap",
    customUsage: ["", "--json"],
  },
});
