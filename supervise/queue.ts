import { join } from "node:path/posix";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { EventFields } from "../core/event.ts";
import { printable } from "../core/printable.ts";
import {
  type Answer,
  type Approvals,
  MAX_PENDING,
  type Proposal,
  type ProposalDraft,
  type ProposalTool,
} from "../core/proposal.ts";
import { replaceFile } from "../sys/atomic_file.ts";
import { newProposalId } from "./proposal_id.ts";
import { parseQueueName, ProcessedFolder, queuePath, removeQuietly } from "./queue_files.ts";
import { ResponseFile } from "./response_file.ts";

/** What a queue is opened with. */
export interface QueueOptions {
  /** `state/<slug>/sidecar/queue`; made when it is not there. */
  readonly dir: string;
  readonly slug: string;
  readonly clock: Clock;
  /** Appends one event; throws when it cannot be stored. */
  readonly record: (event: EventFields) => void;
  /** Answered proposals whose files are kept; 1000 unless given. */
  readonly keepProcessed?: number;
}

/** A proposal that waits. */
export interface Ticket {
  readonly id: string;
  /** Settles once; never rejects. */
  readonly answer: Promise<Answer>;
}

/** Where a proposal of this sidecar stands. */
export type ProposalState =
  | { readonly tool: ProposalTool; readonly answer?: undefined }
  | { readonly tool: ProposalTool; readonly answer: Omit<Answer, "finalFile"> };

interface Pending {
  readonly id: string;
  readonly tool: ProposalTool;
  readonly since: number;
  readonly settle: (answer: Answer) => void;
  readonly response: ResponseFile;
}

/** Milliseconds between two looks for responses. One look costs a system call for each proposal that waits. */
const POLL = 100;
/** Largest proposal, in bytes of its file: a routes file of 1 MiB with every character escaped would not fit. */
export const MAX_PROPOSAL = 2 << 20;
/** What a crash leaves of a proposal that was being written. */
const UNFINISHED_PROPOSAL = /\.proposal\.json\..+\.tmp$/;
const MAX_EVENT_NOTES = 500;
const MAX_TIMER = 2 ** 31 - 1;

/**
 * The sidecar's end of the file queue: writes `<id>.proposal.json`, waits for `<id>.response.json`, and moves both
 * to `processed/`. Every fault is the answer `refused`.
 */
export class ProposalQueue implements Approvals, Disposable {
  readonly #options: QueueOptions;
  readonly #processed: ProcessedFolder;
  readonly #pending = new Map<string, Pending>();
  readonly #answered = new Map<string, ProposalState>();
  readonly #keep: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  private constructor(options: QueueOptions) {
    this.#options = options;
    this.#keep = options.keepProcessed ?? 1000;
    this.#processed = new ProcessedFolder(options.dir, this.#keep);
  }

  /**
   * Opens the queue of one bottle; what an earlier sidecar left waiting goes to `processed/`, since nobody waits
   * for its answer any more.
   *
   * @throws Deno.errors.* when the folder cannot be used.
   */
  static open(options: QueueOptions): ProposalQueue {
    Deno.mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const queue = new ProposalQueue(options);
    queue.#clear("the sidecar that asked has ended");
    return queue;
  }

  /** How many proposals wait. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Where a proposal stands; undefined for an id that this sidecar did not give, or has forgotten. */
  state(id: string): ProposalState | undefined {
    const waiting = this.#pending.get(id);
    return waiting === undefined ? this.#answered.get(id) : { tool: waiting.tool };
  }

  /** Queues a proposal that waits until it is answered; an {@linkcode Answer} when it could not be queued. */
  submit(draft: ProposalDraft): Ticket | Answer {
    if (this.#closed) return refused("the sidecar is stopping");
    if (this.#pending.size >= MAX_PENDING) {
      return this.#turnAway(draft.tool, `${MAX_PENDING} proposals wait for an answer already`);
    }
    const { clock, dir, slug, record } = this.#options;
    let id: string;
    let queued = false;
    try {
      id = this.#freshId();
      const proposal: Proposal = {
        id,
        bottle_slug: slug,
        tool: draft.tool,
        proposed_file: draft.proposedFile ?? null,
        justification: draft.justification,
        arrival_timestamp: clock.now().toISOString(),
        current_file_hash: draft.currentFileHash ?? null,
        details: { ...draft.details } as Proposal["details"],
      };
      const bytes = new TextEncoder().encode(`${JSON.stringify(proposal, null, 2)}\n`);
      if (bytes.length > MAX_PROPOSAL) {
        return this.#turnAway(draft.tool, `the proposal is larger than ${MAX_PROPOSAL} bytes`);
      }
      record({ type: "proposal_queued", id, tool: draft.tool });
      queued = true;
      // Not synced: a machine that goes down takes whoever asks with it.
      replaceFile(queuePath(dir, id, "proposal"), bytes, 0o600, { durable: false });
    } catch (error) {
      // The cause names paths of the host, which are not for whoever asked.
      const reason = "the proposal could not be queued";
      if (queued) this.#say(id!, draft.tool, refused(`${reason}: ${messageOf(error)}`), 0);
      return refused(reason);
    }
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const { tool } = draft;
    this.#pending.set(id, {
      id,
      tool,
      since: clock.monotonic(),
      settle: resolve,
      response: new ResponseFile(queuePath(dir, id, "response"), { id, tool }, clock),
    });
    this.#timer ??= setInterval(() => this.#look(), POLL);
    return { id, answer: promise };
  }

  async ask(
    draft: ProposalDraft,
    { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<Answer> {
    if (signal?.aborted) return { status: "withdrawn", notes: GONE };
    const ticket = this.submit(draft);
    if (!("answer" in ticket)) return ticket;
    const waiting = this.#pending.get(ticket.id)!;
    const end = (status: "expired" | "withdrawn", notes: string) => {
      this.#lookAt(waiting); // the answer may have come in the last moment
      this.#settle(waiting, { status, notes });
    };
    const timer = setTimeout(
      () => end("expired", `nobody answered within ${Math.round(timeout / 1000)} s`),
      Math.min(timeout, MAX_TIMER),
    );
    const aborted = () => end("withdrawn", GONE);
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      return await ticket.answer;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    }
  }

  /** Withdraws whatever waits. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const waiting of [...this.#pending.values()]) {
      this.#settle(waiting, { status: "withdrawn", notes: "the sidecar is stopping" });
    }
  }

  #freshId(): string {
    for (;;) {
      const id = newProposalId((bytes) => void crypto.getRandomValues(bytes));
      if (!this.#pending.has(id) && !this.#answered.has(id)) return id;
    }
  }

  #look(): void {
    for (const waiting of [...this.#pending.values()]) this.#lookAt(waiting);
  }

  #lookAt(waiting: Pending): void {
    const answer = waiting.response.look();
    if (answer !== undefined) this.#settle(waiting, answer);
  }

  #settle(waiting: Pending, answer: Answer): void {
    if (!this.#pending.delete(waiting.id)) return;
    if (this.#pending.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const { id, tool } = waiting;
    const waited = Math.round(this.#options.clock.monotonic() - waiting.since);
    const recorded = this.#say(id, tool, answer, waited);
    // A decision that is not in the chain does not count.
    const final: Answer = recorded ? { ...answer, id } : { ...refused(UNRECORDED), id };
    this.#processed.file(id, { status: final.status, notes: final.notes, waited_ms: waited });
    const { finalFile: _, ...kept } = final;
    this.#answered.set(id, { tool, answer: kept });
    for (const old of this.#answered.keys()) {
      if (this.#answered.size <= this.#keep) break;
      this.#answered.delete(old);
    }
    waiting.settle(final);
  }

  #turnAway(tool: ProposalTool, reason: string): Answer {
    this.#note({ type: "proposal_refused", tool, reason });
    return refused(reason);
  }

  #say(id: string, tool: ProposalTool, { status, notes }: Answer, waited: number): boolean {
    return this.#note({
      type: "proposal_answered",
      id,
      tool,
      status,
      waited_ms: waited,
      notes: printable(notes).slice(0, MAX_EVENT_NOTES),
    });
  }

  /** Whether the event was stored. */
  #note(event: EventFields): boolean {
    try {
      this.#options.record(event);
      return true;
    } catch {
      return false;
    }
  }

  /** Files whatever lies in the queue and is not waited for. */
  #clear(reason: string): void {
    const ids = new Map<string, boolean>();
    for (const { name } of Deno.readDirSync(this.#options.dir)) {
      const parsed = parseQueueName(name);
      if (parsed === undefined) {
        if (UNFINISHED_PROPOSAL.test(name)) removeQuietly(join(this.#options.dir, name));
        continue;
      }
      ids.set(parsed.id, parsed.part === "proposal" || (ids.get(parsed.id) ?? false));
    }
    for (const [id, wasProposal] of ids) {
      if (wasProposal) this.#note({ type: "proposal_withdrawn", id, reason });
      this.#processed.file(id, { status: "withdrawn", notes: reason });
    }
  }
}

const GONE = "whoever asked is gone";
const UNRECORDED = "the decision could not be recorded";

function refused(notes: string): Answer {
  return { status: "refused", notes };
}
