import { FILE_TOOLS, type Proposal, type ProposalTool } from "../../core/proposal.ts";
import { type DeskBottle, deskPath, tokenNames } from "../bottle_desk.ts";
import { type LiveRoutes, readLiveRoutes } from "../live_routes.ts";
import { type PendingProposal, type QueueProblem, readPending } from "../pending.ts";
import { previewAgainst } from "../preview.ts";
import { queuePath } from "../queue_files.ts";
import { waitingIds } from "../waiting_ids.ts";
import { safeLine } from "../../screen/safe_text.ts";

/** One proposal in the list. Texts are fit for a terminal. */
export interface WaitingRow {
  /** `<slug>/<id>`: an id is unique in its bottle only. */
  readonly key: string;
  readonly slug: string;
  readonly id: string;
  readonly tool: ProposalTool;
  /** RFC 3339. */
  readonly arrived: string;
  /** SHA-256 of the proposal's file, and of the live `routes.yaml` where a file is proposed. */
  readonly hash: string;
  readonly liveHash: string | undefined;
  readonly stale: boolean;
  /** What it is about, on one line. */
  readonly summary: string;
}

/** Everything that waits in some bottles. */
export interface Waiting {
  /** Newest last. */
  readonly rows: readonly WaitingRow[];
  readonly problems: readonly QueueProblem[];
  /** Whether there are files that were not read yet: look again at once. */
  readonly more: boolean;
}

interface Seen {
  readonly look: string;
  readonly live: string | undefined;
  readonly found: WaitingRow | QueueProblem | undefined;
}

/** Files that are read in one look, so that a flood does not keep the keys waiting. */
const AT_ONCE = 20;
/** Rows of one bottle; a sidecar queues {@linkcode MAX_PENDING}, whoever writes the folder otherwise is not believed. */
const MOST_ROWS = 500;
/** Largest proposed file that is compared just for the list, in UTF-16 units. */
const COMPARED = 16 * 1024;

/** Looks at the queues again and again, and reads only what has changed. No text of a proposal is kept. */
export class WaitingList {
  readonly #seen = new Map<string, Map<string, Seen>>();
  readonly #live = new Map<
    string,
    { readonly look: string; readonly live: LiveRoutes | undefined }
  >();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Looks at these bottles; never throws for what is in their folders. */
  look(bottles: readonly DeskBottle[]): Waiting {
    const rows: WaitingRow[] = [];
    const problems: QueueProblem[] = [];
    const budget = { left: AT_ONCE };
    for (const slug of this.#seen.keys()) {
      if (!bottles.some((bottle) => bottle.slug === slug)) {
        this.#seen.delete(slug);
        this.#live.delete(slug);
      }
    }
    for (const bottle of bottles) {
      for (const found of this.#lookAt(bottle, budget)) {
        if ("reason" in found) problems.push(found);
        else rows.push(found);
      }
    }
    rows.sort((a, b) => Date.parse(a.arrived) - Date.parse(b.arrived) || (a.key < b.key ? -1 : 1));
    return { rows, problems, more: budget.left < 0 };
  }

  #lookAt(bottle: DeskBottle, budget: { left: number }): (WaitingRow | QueueProblem)[] {
    const { slug } = bottle;
    const before = this.#seen.get(slug) ?? new Map<string, Seen>();
    const after = new Map<string, Seen>();
    this.#seen.set(slug, after);
    let ids: string[];
    try {
      ids = waitingIds(bottle);
    } catch (error) {
      return [{ slug, file: deskPath.queue(bottle), reason: String(error) }];
    }
    const problems: QueueProblem[] = ids.length <= MOST_ROWS ? [] : [{
      slug,
      file: deskPath.queue(bottle),
      reason: `${ids.length} proposals lie there; ${MOST_ROWS} are shown`,
    }];
    const live = ids.length === 0 ? undefined : this.#liveOf(bottle);
    for (const id of ids.slice(0, MOST_ROWS)) {
      const look = lookOf(queuePath(deskPath.queue(bottle), id, "proposal"));
      const known = before.get(id);
      if (known !== undefined && known.look === look && known.live === live?.hash) {
        after.set(id, known);
      } else if (budget.left-- > 0) {
        after.set(id, { look, live: live?.hash, found: this.#read(bottle, id, live) });
      } else if (known !== undefined) after.set(id, known); // what it was, until its turn comes
    }
    return [...problems, ...[...after.values()].flatMap(({ found }) => found ?? [])];
  }

  #read(
    bottle: DeskBottle,
    id: string,
    live: LiveRoutes | undefined,
  ): WaitingRow | QueueProblem | undefined {
    const pending = readPending(bottle, id, live?.hash);
    if (pending === undefined) return undefined;
    if ("malformed" in pending) {
      return { slug: bottle.slug, file: `${id}.proposal.json`, reason: pending.malformed };
    }
    return rowOf(pending, summaryOf(pending, live, this.#now()));
  }

  #liveOf(bottle: DeskBottle): LiveRoutes | undefined {
    const look = lookOf(deskPath.routes(bottle));
    const known = this.#live.get(bottle.slug);
    if (known?.look === look) return known.live;
    let live: LiveRoutes | undefined;
    try {
      live = readLiveRoutes(bottle.contract);
    } catch { /* its proposals are stale then; looking at one says why */ }
    this.#live.set(bottle.slug, { look, live });
    return live;
  }
}

/** A pending proposal as a row of the list. */
function rowOf(
  { bottle, proposal, hash, liveHash, stale }: PendingProposal,
  summary: string,
): WaitingRow {
  const { id, tool } = proposal;
  return {
    key: `${bottle.slug}/${id}`,
    slug: bottle.slug,
    id,
    tool,
    arrived: new Date(proposal.arrival_timestamp).toISOString(),
    hash,
    liveHash,
    stale,
    summary,
  };
}

function summaryOf(pending: PendingProposal, live: LiveRoutes | undefined, now: number): string {
  const { proposal, bottle } = pending;
  const said = safeLine(proposal.justification, 200);
  if (!FILE_TOOLS.has(proposal.tool)) return safeLine(reportSummary(proposal) || said, 300);
  if (live === undefined || (proposal.proposed_file ?? "").length > COMPARED) return said;
  try {
    const { changes, problem } = previewAgainst(live, proposal, tokenNames(bottle), now);
    if (problem !== undefined) return `cannot be applied: ${safeLine(problem, 200)}`;
    const signs = { added: "+", removed: "-", changed: "~" };
    const hosts = changes.slice(0, 6).map(({ host, kind, warnings }) =>
      `${signs[kind]}${host}${warnings.length > 0 ? "!" : ""}`
    );
    if (changes.length > 6) hosts.push(`and ${changes.length - 6} more`);
    return safeLine(hosts.join(" ") || "changes nothing", 300);
  } catch {
    return said;
  }
}

function reportSummary({ tool, details }: Proposal): string {
  const text = (name: string) => typeof details[name] === "string" ? details[name] as string : "";
  if (tool === "egress-token-allow") {
    return `${text("rule") || text("detector")}: ${text("method")} ${text("host")}${text("path")}`;
  }
  if (tool === "budget-raise") {
    const { scope, amount } = details;
    return scope === undefined ? "" : `${JSON.stringify(amount)} more for ${JSON.stringify(scope)}`;
  }
  return "";
}

function lookOf(path: string): string {
  try {
    const { ino, size, mtime, ctime } = Deno.lstatSync(path);
    return `${ino}:${size}:${mtime?.getTime()}:${ctime?.getTime()}`;
  } catch {
    return "absent";
  }
}
