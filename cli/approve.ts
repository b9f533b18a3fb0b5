import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { FILE_TOOLS } from "../core/proposal.ts";
import type { ApproveFlags } from "./approve_command.ts";
import { answerByCommand, waitingProposal } from "./answer_by_command.ts";
import type { CliContext } from "./context.ts";

/** `bot-bottle approve`. */
export async function approve(this: CliContext, flags: ApproveFlags, id: string): Promise<void> {
  const found = waitingProposal(this.host, id, flags.bottle);
  const { tool } = found.pending.proposal;
  const notes = flags.reason ?? "";
  if (!FILE_TOOLS.has(tool) && flags.file === undefined && notes.trim() === "") {
    throw new BottleError(`Cannot approve ${found.id}: ${tool} needs a reason`, {
      code: "proposal_reason",
      exit: ExitCode.usage,
      hint: "give --reason TEXT; it is recorded",
    });
  }
  const file = flags.file === undefined ? undefined : readOwnFile(flags.file);
  await answerByCommand(this, found, {
    status: file === undefined ? "approved" : "modified",
    notes,
    staleAccepted: flags.stale,
    ...(file === undefined ? {} : { finalFile: file }),
  }, flags.json);
}

function readOwnFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new BottleError(`Cannot read ${JSON.stringify(path)}: ${messageOf(error)}`, {
      code: "file_unreadable",
      exit: ExitCode.usage,
      hint: "give --file a routes.yaml below the working directory or your home folder",
      cause: error,
    });
  }
}
