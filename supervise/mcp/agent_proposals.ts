import { routesFileText } from "../../core/live_route.ts";
import type { Answer, ProposalDraft, ProposalTool } from "../../core/proposal.ts";
import { type LiveRoutes, readLiveRoutes, sha256 } from "../live_routes.ts";
import { parseProposedRoutes } from "../proposed_routes.ts";
import type { ProposalQueue, ProposalState, Ticket } from "../queue.ts";

/** What the proposals of a bottle's agents touch. */
export interface AgentProposalsOptions {
  /** `state/<slug>/sidecar`. */
  readonly contract: string;
  readonly queue: ProposalQueue;
  /** Whether the bottle was started with a credential of that name. */
  readonly isSet: (tokenRef: string) => boolean;
  /** Whether the proxy enforces the routes file with that SHA-256; without it, an applied file counts as enforced. */
  readonly inEffect: ((hash: string) => boolean) | undefined;
}

/** A proposal that an agent waits for, or why there is none. */
export type Proposed =
  | { readonly ticket: Ticket; /** Whether it waited already. */ readonly again: boolean }
  | { readonly answer: Answer }
  | { readonly unchanged: true };

/** What is asked of the operator on behalf of agents. Nothing here resolves a name or opens a connection. */
export class AgentProposals {
  readonly #options: AgentProposalsOptions;
  /** Tickets that wait, by what they ask for: the same question is not put twice. */
  readonly #open = new Map<string, Ticket>();

  constructor(options: AgentProposalsOptions) {
    this.#options = options;
  }

  /** The live `routes.yaml`. @throws BottleError `routes_unreadable`. */
  live(): LiveRoutes {
    return readLiveRoutes(this.#options.contract);
  }

  /**
   * Proposes a whole `routes.yaml`.
   *
   * @throws BottleError `routes_*` when the file is not valid; nothing is queued then.
   */
  routes(tool: "egress-allow" | "egress-block", text: string, justification: string): Proposed {
    const { isSet } = this.#options;
    const proposed = parseProposedRoutes(text, "routes_yaml", isSet);
    const live = this.live();
    if (routesFileText(proposed) === enforcedText(live)) return { unchanged: true };
    return this.#propose(`${tool} ${sha256(text)}`, {
      tool,
      justification,
      proposedFile: text,
      currentFileHash: live.hash,
      details: {},
    });
  }

  /** Proposes a larger budget. */
  budget(scope: string, amount: number, justification: string): Proposed {
    return this.#propose(`budget-raise ${amount} ${scope}`, {
      tool: "budget-raise",
      justification,
      details: { scope, amount },
    });
  }

  /** Where a proposal of this sidecar stands. */
  state(id: string): ProposalState | undefined {
    return this.#options.queue.state(id);
  }

  /**
   * Whether what was approved is enforced. Waits a little for the proxy, which reads its configuration when the
   * file changes.
   */
  async isEnforced(answer: Answer): Promise<boolean> {
    if (answer.finalFile === undefined) return false;
    const wanted = sha256(answer.finalFile);
    for (let turn = 0; turn < 40; turn++) {
      if (this.live().hash === wanted && (this.#options.inEffect?.(wanted) ?? true)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }

  #propose(question: string, draft: ProposalDraft & { tool: ProposalTool }): Proposed {
    const open = this.#open.get(question);
    if (open !== undefined) return { ticket: open, again: true };
    const result = this.#options.queue.submit(draft);
    if (!("answer" in result)) return { answer: result };
    this.#open.set(question, result);
    void result.answer.then(() => this.#open.delete(question));
    return { ticket: result, again: false };
  }
}

/** The live file in the spelling that proposals are compared in; undefined for one that somebody broke by hand. */
function enforcedText({ text }: LiveRoutes): string | undefined {
  try {
    return routesFileText(parseProposedRoutes(text, "routes.yaml", () => true));
  } catch {
    return undefined; // the proxy keeps the one before; a proposal may mend it
  }
}
