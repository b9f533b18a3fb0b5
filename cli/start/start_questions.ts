import type { StartFlags } from "../start_command.ts";
import type { Question } from "./wizard.ts";

/**
 * The questions that a start on a terminal asks; a flag that answers one takes it away.
 *
 * @param labelProblem why the label given cannot be taken.
 */
export function questionsOf(
  flags: Pick<StartFlags, "bottle" | "label" | "color" | "prompt" | "yes">,
  agent: string | undefined,
  labelProblem: string | undefined,
): Question[] {
  // Who gives the agent and says yes is asked nothing; who gives a prompt wants its answer, and no name.
  const short = flags.prompt !== undefined || (agent !== undefined && flags.yes);
  const named = flags.label !== undefined || flags.color !== undefined;
  return [
    ...(agent === undefined ? ["agent" as const] : []),
    ...(short || flags.bottle !== undefined ? [] : ["bottles" as const]),
    ...(labelProblem !== undefined || (!short && !named) ? ["label" as const] : []),
    ...(flags.yes ? [] : ["preflight" as const]),
  ];
}
