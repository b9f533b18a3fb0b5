import { join } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import { ContractPath } from "../core/contract_path.ts";
import type { EventFields } from "../core/event.ts";
import type { Approvals } from "../core/proposal.ts";
import type { ProposalQueue } from "../supervise/queue.ts";

/** The queue of one bottle, which is opened after the sidecar has said that it is ready. */
export interface ApprovalQueue extends Disposable {
  /** What asks before the queue is open waits for it. */
  readonly approvals: Approvals;
  /** Opens the queue; a second call gives the same one. Rejects when its folder cannot be used. */
  open(): Promise<ProposalQueue>;
}

/**
 * Prepares the queue in a contract directory. Nothing is loaded yet: no request needs it before the first one is held.
 *
 * @param record appends one event; throws when it cannot be stored.
 */
export function approvalQueue(
  dir: string,
  slug: string,
  record: (event: EventFields) => void,
): ApprovalQueue {
  let opening: Promise<ProposalQueue> | undefined;
  let opened: ProposalQueue | undefined;
  const open = () =>
    opening ??= import("../supervise/queue.ts").then(({ ProposalQueue }) =>
      opened = ProposalQueue.open({
        dir: join(dir, ContractPath.queue),
        slug,
        clock: systemClock,
        record,
      })
    );
  return {
    open,
    approvals: {
      async ask(draft, options) {
        let queue: ProposalQueue;
        try {
          queue = await open();
        } catch {
          // Why is said by whoever opened it; whoever asks may be an agent, and paths are not its business.
          return { status: "refused", notes: "the queue cannot be used" };
        }
        return await queue.ask(draft, options);
      },
    },
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}
