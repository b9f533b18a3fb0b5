import { BottleError, ExitCode } from "../../core/errors.ts";
import { printableLine } from "../../core/printable.ts";
import type { EffectiveManifest } from "../../manifest/effective.ts";
import type { StartFlags } from "../start_command.ts";

/**
 * Refuses to start, without a question, an agent of the working directory that has the name of one at home: an agent
 * that wrote there could choose bottle and prompt of the next one. On a terminal the last question shows it.
 *
 * @throws BottleError `agent_shadowed`.
 */
export function refuseShadowed(
  { agent }: EffectiveManifest,
  { yes, projectAgent }: Pick<StartFlags, "yes" | "projectAgent">,
): void {
  if (agent?.shadows === undefined || !yes || projectAgent) return;
  throw new BottleError(
    printableLine(
      `Cannot start ${agent.name} without asking: ${agent.file} is in place of ${agent.shadows}`,
    ),
    {
      code: "agent_shadowed",
      exit: ExitCode.manifest,
      hint: "read it: --project-agent starts it, and removing it brings your own back",
    },
  );
}
