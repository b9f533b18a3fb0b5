import { BottleError, ExitCode } from "../core/errors.ts";
import { explainLines, infoLines } from "../manifest/explain.ts";
import { toJson } from "../manifest/explain_json.ts";
import { chosenAgent } from "./agent_start.ts";
import type { CliContext } from "./context.ts";
import type { ManifestFlags } from "./info_command.ts";

/** `bot-bottle explain`. */
export function explain(this: CliContext, flags: ManifestFlags, agent?: string): Promise<void> {
  return show(this, flags, agent, true);
}

/** `bot-bottle info`. */
export function info(this: CliContext, flags: ManifestFlags, agent?: string): Promise<void> {
  return show(this, flags, agent, false);
}

async function show(
  { host, process }: CliContext,
  flags: ManifestFlags,
  agent: string | undefined,
  origins: boolean,
): Promise<void> {
  const bottles = flags.bottle ?? [];
  if (agent === undefined && bottles.length === 0) {
    throw new BottleError("Nothing to show: neither an agent nor a bottle was named", {
      code: "nothing_named",
      exit: ExitCode.usage,
      hint: "name an agent, or bottles with --bottle; bot-bottle list available shows both",
    });
  }
  const choice = agent === undefined ? { bottles } : { agent, bottles };
  const { shown: effective, places } = await chosenAgent(host, choice);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(toJson(effective), null, 2)}\n`);
    return;
  }
  const lines = origins ? explainLines(effective, places.userHome) : infoLines(effective);
  process.stdout.write(`${lines.join("\n")}\n`);
}
