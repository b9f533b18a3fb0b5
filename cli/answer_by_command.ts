import { BottleError, ExitCode } from "../core/errors.ts";
import { answerProposal } from "../supervise/answer.ts";
import type { AnswerPlan, Decision } from "../supervise/decide.ts";
import { deskRecorder } from "../supervise/desk_events.ts";
import { answerText, awaitTold, counted } from "../supervise/desk/told.ts";
import { type PendingProposal, readPending } from "../supervise/pending.ts";
import type { CliContext, Host } from "./context.ts";
import { chosenBottles, findProposal, type FoundProposal } from "./find_proposal.ts";
import { bottleHome } from "./home.ts";
import { runningBottles } from "./running_bottles.ts";

/** Milliseconds that an answer may take to reach whoever asked. */
const PATIENCE = 2000;

/** A proposal as it waits now. */
export interface Waits extends FoundProposal {
  readonly pending: PendingProposal;
}

/** The proposal that an argument means, in the bottles that run. @throws BottleError when there is not one. */
export function waitingProposal(host: Host, prefix: string, slug: string | undefined): Waits {
  const running = runningBottles(bottleHome(host), host.uid);
  const found = findProposal(chosenBottles(running, slug), prefix);
  const pending = readPending(found.bottle, found.id);
  if (pending !== undefined && !("malformed" in pending)) return { ...found, pending };
  throw new BottleError(`Proposal ${found.id} does not wait any more`, {
    code: "proposal_gone",
    exit: ExitCode.refused,
    hint: `bot-bottle logs ${found.bottle.slug} shows who answered what`,
  });
}

/** Answers a proposal and says what happened, and what whoever asked is told. */
export async function answerByCommand(
  context: CliContext,
  { bottle, id, pending }: Waits,
  decision: Omit<Decision, "shown">,
  json: boolean,
): Promise<void> {
  const { host, process } = context;
  const { slug } = bottle;
  const { tool } = pending.proposal;
  const shown = { proposal: pending.hash, live: pending.liveHash };
  const plan = await answerProposal(bottle, id, { ...decision, shown }, {
    clock: host.clock,
    record: deskRecorder(bottle, host.clock),
  }).catch((error) => {
    throw explained(error, id, decision);
  });
  const told = await awaitTold(bottle, id, PATIENCE);
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...answerJson(slug, tool, plan), told }, null, 2)}\n`);
  } else {
    host.log.info(answerText({ slug, id, tool }, plan, told));
    for (const { host: name, kind, warnings } of plan.apply?.changes ?? []) {
      host.log.info(`${kind}: ${name}${warnings.map((warning) => `; ${warning}`).join("")}`);
    }
  }
  if (!counted(told, decision)) context.exitWith(ExitCode.refused);
}

function answerJson(slug: string, tool: string, { response, apply }: AnswerPlan) {
  return {
    id: response.proposal_id,
    bottle: slug,
    tool,
    status: response.status,
    notes: response.notes,
    applied: apply !== undefined,
    changes: apply?.changes ?? [],
  };
}

/** The hints of the library are for a screen: here it is a flag that goes on. */
function explained(error: unknown, id: string, { staleAccepted }: Pick<Decision, "staleAccepted">) {
  if (!(error instanceof BottleError) || error.code !== "proposal_stale") return error;
  if (staleAccepted === true) return error;
  return new BottleError(error.message, {
    code: error.code,
    exit: error.exit,
    hint:
      `bot-bottle supervise --show ${id} shows what it would do now; --stale approves it all the same`,
    cause: error,
  });
}
