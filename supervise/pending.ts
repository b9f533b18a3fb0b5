import { messageOf } from "../core/errors.ts";
import { FILE_TOOLS, type Proposal } from "../core/proposal.ts";
import { type DeskBottle, deskPath } from "./bottle_desk.ts";
import { readLiveRoutes, sha256 } from "./live_routes.ts";
import { parseProposal } from "./proposal_file.ts";
import { MAX_PROPOSAL } from "./queue.ts";
import { exists, parseQueueName, queuePath } from "./queue_files.ts";
import { readSmallFile, UnsafeFile } from "./small_file.ts";

/** A proposal that waits for an operator. Its texts are hostile. */
export interface PendingProposal {
  readonly bottle: DeskBottle;
  readonly proposal: Proposal;
  /** SHA-256 of the proposal's file: what is answered is what was shown. */
  readonly hash: string;
  /** SHA-256 of the live `routes.yaml`; undefined where nothing is applied, or it cannot be read. */
  readonly liveHash: string | undefined;
  /** Whether the live `routes.yaml` is not the one that the proposal was made against. */
  readonly stale: boolean;
}

/** A file in a queue that is no proposal. */
export interface QueueProblem {
  readonly slug: string;
  /** Its name; for a whole queue that cannot be read, the folder. */
  readonly file: string;
  readonly reason: string;
}

/** Everything that waits, oldest first, and what could not be read. */
export interface PendingList {
  readonly proposals: readonly PendingProposal[];
  readonly problems: readonly QueueProblem[];
}

/** Lists what waits in these bottles. Never throws: what is malformed is reported, and skipped. */
export function listPending(bottles: Iterable<DeskBottle>): PendingList {
  const proposals: PendingProposal[] = [];
  const problems: QueueProblem[] = [];
  for (const bottle of bottles) {
    const { slug } = bottle;
    const queue = deskPath.queue(bottle);
    let names: string[];
    try {
      names = [...Deno.readDirSync(queue)].map(({ name }) => name);
    } catch (error) {
      // A bottle without a queue has ended, or nothing ever asked.
      if (!(error instanceof Deno.errors.NotFound)) {
        problems.push({ slug, file: queue, reason: messageOf(error) });
      }
      continue;
    }
    const live = liveHashOf(bottle);
    for (const file of names) {
      const parsed = parseQueueName(file);
      if (parsed?.part !== "proposal") continue;
      const found = readPending(bottle, parsed.id, live);
      if (found === undefined) continue;
      if ("malformed" in found) problems.push({ slug, file, reason: found.malformed });
      else proposals.push(found);
    }
  }
  proposals.sort((a, b) =>
    Date.parse(a.proposal.arrival_timestamp) - Date.parse(b.proposal.arrival_timestamp) ||
    (a.proposal.id < b.proposal.id ? -1 : 1)
  );
  return { proposals, problems };
}

/** One proposal; undefined when it does not wait any more: it is gone, or has its response. */
export function readPending(
  bottle: DeskBottle,
  id: string,
  live: string | undefined = liveHashOf(bottle),
): PendingProposal | { readonly malformed: string } | undefined {
  const queue = deskPath.queue(bottle);
  if (exists(queuePath(queue, id, "response"))) return undefined;
  let bytes: Uint8Array | undefined;
  try {
    bytes = readSmallFile(queuePath(queue, id, "proposal"), MAX_PROPOSAL);
  } catch (error) {
    return { malformed: error instanceof UnsafeFile ? error.message : messageOf(error) };
  }
  if (bytes === undefined) return undefined;
  const parsed = parseProposal(bytes, { id, slug: bottle.slug });
  if ("malformed" in parsed) return parsed;
  const { proposal } = parsed;
  const isFile = FILE_TOOLS.has(proposal.tool);
  return {
    bottle,
    proposal,
    hash: sha256(bytes),
    liveHash: isFile ? live : undefined,
    stale: isFile && proposal.current_file_hash !== live,
  };
}

function liveHashOf({ contract }: DeskBottle): string | undefined {
  try {
    return readLiveRoutes(contract).hash;
  } catch {
    return undefined; // no proposal was made against it, so each counts as stale
  }
}
