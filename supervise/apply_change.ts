import { dirname, join } from "node:path/posix";
import type { Clock } from "../core/clock.ts";
import { BottleError, messageOf } from "../core/errors.ts";
import type { EventFields } from "../core/event.ts";
import type { ProposalResponse } from "../core/proposal.ts";
import { replaceFile } from "../sys/atomic_file.ts";
import { type DeskBottle, deskPath } from "./bottle_desk.ts";
import { readLiveRoutes } from "./live_routes.ts";
import { exists, queuePath, removeQuietly } from "./queue_files.ts";
import { parseRouteChange, recoveryOf, type RouteChangeRecord } from "./route_change_file.ts";
import { readSmallFile } from "./small_file.ts";

/** What the desk touches besides the bottle's folders. */
export interface DeskContext {
  readonly clock: Clock;
  /** Appends one event; throws when it cannot be stored, and nothing is changed then. */
  readonly record: (event: EventFields) => void;
}

/** Largest record of a change: two routes files with every character escaped. */
const MAX_RECORD = 16 << 20;

/**
 * Makes one change of `routes.yaml`. Call it under the desk's lock, after {@linkcode recoverChange}.
 *
 * The order is what makes it safe to be killed anywhere: the intent is on disk before the file is replaced, the
 * file before the response, the response before the intent is cleared. A new start tells by the live file which
 * of the steps are left.
 *
 * @throws BottleError `apply_failed`; `routes.yaml` is as before then.
 */
export function applyChange(bottle: DeskBottle, change: RouteChangeRecord, text: string): void {
  try {
    replaceFile(deskPath.applying(bottle), `${JSON.stringify(change)}\n`, 0o600);
    replaceFile(deskPath.routes(bottle), text, 0o600);
  } catch (error) {
    // The name may have been taken before the failure, for which the live file speaks.
    if (liveHash(bottle) === change.final_hash) return finishChange(bottle, change);
    removeQuietly(deskPath.applying(bottle)); // not made, so there is nothing to finish
    throw new BottleError(`Cannot apply routes to bottle ${bottle.slug}: ${messageOf(error)}`, {
      code: "apply_failed",
      hint: "nothing was changed and the proposal still waits; free some disk space and try again",
      cause: error,
    });
  }
  finishChange(bottle, change);
}

/** The steps after the file was replaced; each may have been done before. */
function finishChange(bottle: DeskBottle, change: RouteChangeRecord): void {
  try {
    bumpGeneration(bottle);
    if (change.response !== null) writeResponse(bottle, change.response);
    const { applying, lastChange } = deskPath;
    if (change.kind === "proposal") Deno.renameSync(applying(bottle), lastChange(bottle));
    else {
      if (change.kind === "undo") removeQuietly(lastChange(bottle));
      else keepUndoable(bottle, change);
      Deno.removeSync(applying(bottle));
    }
  } catch (error) {
    throw new BottleError(
      `Routes of bottle ${bottle.slug} are written, but not announced: ${messageOf(error)}`,
      {
        code: "apply_unfinished",
        hint: "free some disk space; the next answer for this bottle finishes it",
        cause: error,
      },
    );
  }
}

/** What a process that was killed leaves of a file that it was writing for the desk. */
const TEMPORARY =
  /^(applying\.json|last_change\.json|routes\.yaml|generation|.+\.response\.json)\..+\.tmp$/;

/**
 * Finishes or forgets a change that was under way when its process ended, and removes what it was writing. Call it
 * under the desk's lock, so that nobody writes there.
 */
export function recoverChange(bottle: DeskBottle, { record }: DeskContext): void {
  const { folder, routes, queue } = deskPath;
  for (const dir of [folder(bottle), dirname(routes(bottle)), queue(bottle)]) sweep(dir);
  const path = deskPath.applying(bottle);
  const bytes = readRecord(path);
  if (bytes === undefined) return;
  const change = parseRouteChange(new TextDecoder().decode(bytes));
  const recovery = change === undefined ? "abandon" : recoveryOf(change, liveHash(bottle));
  record({
    type: "change_recovered",
    slug: bottle.slug,
    id: change?.proposal_id ?? undefined,
    outcome: { finish: "finished", forget: "not made", abandon: "abandoned" }[recovery],
  });
  if (change !== undefined && recovery === "finish") finishChange(bottle, change);
  else removeQuietly(path);
}

/** The last change of a bottle; undefined when there is none to undo. */
export function lastChange(bottle: DeskBottle): RouteChangeRecord | undefined {
  const bytes = readRecord(deskPath.lastChange(bottle));
  return bytes === undefined ? undefined : parseRouteChange(new TextDecoder().decode(bytes));
}

/**
 * Writes a response, if its proposal still waits for one.
 *
 * @returns whether it was written.
 * @throws BottleError `answer_failed`
 */
export function writeResponse(bottle: DeskBottle, response: ProposalResponse): boolean {
  const queue = deskPath.queue(bottle);
  const id = response.proposal_id;
  if (!exists(queuePath(queue, id, "proposal")) || exists(queuePath(queue, id, "response"))) {
    return false;
  }
  const text = `${JSON.stringify(response, null, 2)}\n`;
  try {
    replaceFile(queuePath(queue, id, "response"), text, 0o600);
  } catch (error) {
    throw new BottleError(`Cannot answer proposal ${id}: ${messageOf(error)}`, {
      code: "answer_failed",
      hint: "the proposal still waits; free some disk space and try again",
      cause: error,
    });
  }
  return true;
}

function sweep(dir: string): void {
  try {
    for (const { name } of Deno.readDirSync(dir)) {
      if (TEMPORARY.test(name)) removeQuietly(join(dir, name));
    }
  } catch { /* it is not there yet */ }
}

function readRecord(path: string): Uint8Array | undefined {
  try {
    return readSmallFile(path, MAX_RECORD);
  } catch (error) {
    throw new BottleError(`Cannot read ${path}: ${messageOf(error)}`, {
      code: "desk_failed",
      hint: "move it away; then nothing is left to finish or to undo",
      cause: error,
    });
  }
}

/** Announces a new configuration to the sidecar. */
function bumpGeneration(bottle: DeskBottle): void {
  const path = deskPath.generation(bottle);
  const bytes = readSmallFile(path, 64);
  const now = bytes === undefined ? 0 : Number(new TextDecoder().decode(bytes));
  replaceFile(path, `${(Number.isSafeInteger(now) ? now : 0) + 1}\n`, 0o600);
}

/** Routes that ended do not stand in the way of undoing the change before. */
function keepUndoable(bottle: DeskBottle, { previous_hash, final_hash }: RouteChangeRecord): void {
  const last = lastChange(bottle);
  if (last?.final_hash !== previous_hash) return;
  const kept = `${JSON.stringify({ ...last, final_hash })}\n`;
  replaceFile(deskPath.lastChange(bottle), kept, 0o600);
}

function liveHash({ contract }: DeskBottle): string | undefined {
  try {
    return readLiveRoutes(contract).hash;
  } catch {
    return undefined;
  }
}
