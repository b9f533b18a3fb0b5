import { BottleError, ExitCode } from "../core/errors.ts";
import { answerByCommand, waitingProposal } from "./answer_by_command.ts";
import type { CliContext } from "./context.ts";
import type { RejectFlags } from "./reject_command.ts";

/** `bot-bottle reject`. */
export async function reject(this: CliContext, flags: RejectFlags, id: string): Promise<void> {
  if (flags.reason.trim() === "") {
    throw new BottleError("Cannot reject without a reason", {
      code: "proposal_reason",
      exit: ExitCode.usage,
      hint: "say in --reason what the agent should do instead",
    });
  }
  const found = waitingProposal(this.host, id, flags.bottle);
  await answerByCommand(this, found, { status: "rejected", notes: flags.reason }, flags.json);
}
