import { BottleError, ExitCode } from "../core/errors.ts";
import { hasExpired, routesFileText } from "../core/live_route.ts";
import { printable } from "../core/printable.ts";
import { FILE_TOOLS } from "../core/proposal.ts";
import {
  applyChange,
  type DeskContext,
  lastChange,
  recoverChange,
  writeResponse,
} from "./apply_change.ts";
import { type DeskBottle, tokenNames } from "./bottle_desk.ts";
import { type AnswerPlan, decideAnswer, type Decision, liveDocuments } from "./decide.ts";
import { lockDesk } from "./desk_lock.ts";
import { readLiveRoutes, sha256 } from "./live_routes.ts";
import { readPending } from "./pending.ts";
import type { RouteChangeRecord } from "./route_change_file.ts";

/**
 * Answers a proposal. Routes are applied before they are answered; a failure leaves the proposal pending.
 *
 * @throws BottleError `proposal_gone` when it does not wait any more, what {@linkcode decideAnswer} refuses,
 * `desk_busy`, `apply_failed`, and what `record` throws.
 */
export async function answerProposal(
  bottle: DeskBottle,
  id: string,
  decision: Decision,
  context: DeskContext,
): Promise<AnswerPlan> {
  using _lock = await lockDesk(bottle);
  recoverChange(bottle, context);
  const pending = readPending(bottle, id);
  if (pending === undefined) throw gone(id);
  if ("malformed" in pending) {
    throw new BottleError(`Cannot answer proposal ${id}: ${pending.malformed}`, {
      code: "proposal_malformed",
      hint: "remove its file from the queue",
    });
  }
  const { proposal, hash } = pending;
  const live = FILE_TOOLS.has(proposal.tool) && decision.status !== "rejected"
    ? readLiveRoutes(bottle.contract)
    : undefined;
  const now = context.clock.now();
  const plan = decideAnswer(decision, {
    proposal,
    hash,
    live,
    tokens: tokenNames(bottle),
    now: now.getTime(),
  });
  context.record({
    type: "proposal_decided",
    slug: bottle.slug,
    id,
    tool: proposal.tool,
    status: plan.response.status,
    notes: printable(plan.response.notes).slice(0, 500),
    routes_sha256: plan.apply?.hash,
    hosts: plan.apply?.changes.slice(0, 50).map(({ host, kind }) => `${kind} ${printable(host)}`),
  });
  if (plan.apply === undefined || live === undefined) {
    if (!writeResponse(bottle, plan.response)) throw gone(id);
    return plan;
  }
  applyChange(bottle, {
    kind: "proposal",
    proposal_id: id,
    previous_text: live.text,
    previous_hash: live.hash,
    final_hash: plan.apply.hash,
    response: plan.response,
    time: now.toISOString(),
  }, plan.apply.text);
  return plan;
}

/**
 * Undoes the last change of a bottle's routes, as long as nothing else has changed them since.
 *
 * @returns the change that was undone.
 * @throws BottleError `nothing_to_undo`, `undo_stale`, `desk_busy`, `apply_failed`, and what `record` throws.
 */
export async function undoLastChange(
  bottle: DeskBottle,
  context: DeskContext,
): Promise<RouteChangeRecord> {
  using _lock = await lockDesk(bottle);
  recoverChange(bottle, context);
  const last = lastChange(bottle);
  if (last === undefined) {
    throw new BottleError(`Cannot undo: no change of bottle ${bottle.slug} is on record`, {
      code: "nothing_to_undo",
      exit: ExitCode.refused,
    });
  }
  const live = readLiveRoutes(bottle.contract);
  if (live.hash !== last.final_hash) {
    throw new BottleError(`Cannot undo: routes.yaml of ${bottle.slug} changed since`, {
      code: "undo_stale",
      exit: ExitCode.refused,
      hint: "look at the live file and edit it",
    });
  }
  const now = context.clock.now();
  const routes = liveDocuments({ text: last.previous_text });
  const text = routesFileText(routes.filter((route) => !hasExpired(route, now.getTime())));
  const hash = sha256(text);
  context.record({
    type: "change_undone",
    slug: bottle.slug,
    id: last.proposal_id ?? undefined,
    routes_sha256: hash,
  });
  applyChange(bottle, {
    kind: "undo",
    proposal_id: last.proposal_id,
    previous_text: live.text,
    previous_hash: live.hash,
    final_hash: hash,
    response: null,
    time: now.toISOString(),
  }, text);
  return last;
}

function gone(id: string): BottleError {
  return new BottleError(`Proposal ${id} does not wait any more`, {
    code: "proposal_gone",
    exit: ExitCode.refused,
    hint: "it was answered, expired, or whoever asked is gone",
  });
}
