import { BottleError, ExitCode } from "../core/errors.ts";
import { appliedRoutes, type ProposedRoute, routesFileText } from "../core/live_route.ts";
import { FILE_TOOLS, type Proposal, type ProposalResponse } from "../core/proposal.ts";
import { type LiveRoutes, sha256 } from "./live_routes.ts";
import { parseProposedRoutes } from "./proposed_routes.ts";
import { type RouteChange, routeChanges } from "./route_changes.ts";

/** What an operator decided, and what the decision is about. */
export interface Decision {
  readonly status: "approved" | "modified" | "rejected";
  readonly notes: string;
  /** The edited file; for `modified` alone. */
  readonly finalFile?: string;
  readonly shown: {
    /** SHA-256 of the proposal's file as it was shown. */
    readonly proposal: string;
    /** SHA-256 of the live `routes.yaml` that it was shown against; undefined where nothing is applied. */
    readonly live: string | undefined;
  };
  /** Whether the operator saw that the proposal was made against another `routes.yaml`, and wants it all the same. */
  readonly staleAccepted?: boolean;
}

/** What to do about a decision. */
export interface AnswerPlan {
  readonly response: ProposalResponse;
  /** Where a file is applied. */
  readonly apply?: RoutesUpdate;
}

/** A new `routes.yaml` and what it changes. */
export interface RoutesUpdate {
  readonly text: string;
  readonly hash: string;
  readonly changes: readonly RouteChange[];
}

/** The state of the bottle that a decision is judged against. */
export interface DecisionContext {
  readonly proposal: Proposal;
  /** SHA-256 of the proposal's file as it is now. */
  readonly hash: string;
  /** Undefined where nothing is applied. */
  readonly live: LiveRoutes | undefined;
  /** Names of the credentials that the bottle was started with. */
  readonly tokens: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Longest notes of an operator, in UTF-16 units. */
export const MAX_NOTES = 4096;

/**
 * Judges a decision: it has to be about the bytes that were shown, and a file has to be valid.
 *
 * @throws BottleError `proposal_*` or `routes_*`; the proposal stays pending then.
 */
export function decideAnswer(decision: Decision, context: DecisionContext): AnswerPlan {
  const { proposal, hash, live } = context;
  const { status, shown } = decision;
  const notes = decision.notes.slice(0, MAX_NOTES);
  if (shown.proposal !== hash) {
    throw refusal("proposal_changed", `Proposal ${proposal.id} changed since it was shown`, LOOK);
  }
  const respond = (final_file: string | null): ProposalResponse => ({
    proposal_id: proposal.id,
    status,
    notes,
    final_file,
  });
  if (status === "rejected") return { response: respond(null) };
  if (!FILE_TOOLS.has(proposal.tool)) {
    if (status === "modified") {
      throw refusal(
        "proposal_not_modifiable",
        `A proposal of ${proposal.tool} cannot be modified`,
        "approve or reject it",
      );
    }
    if (notes.trim() === "") {
      throw refusal(
        "proposal_reason",
        `Approving ${proposal.tool} needs a reason`,
        "say why this may pass; it is recorded",
      );
    }
    return { response: respond(null) };
  }
  if (live === undefined) throw refusal("proposal_stale", "The live routes are not known", LOOK);
  if (shown.live !== live.hash) {
    throw refusal(
      "proposal_stale",
      `routes.yaml changed since proposal ${proposal.id} was shown`,
      LOOK,
    );
  }
  if (proposal.current_file_hash !== live.hash && decision.staleAccepted !== true) {
    throw refusal(
      "proposal_stale",
      `Proposal ${proposal.id} was made against another routes.yaml and would undo what changed since`,
      "look at its changes against the live file, then approve it as stale, or reject it",
    );
  }
  const text = status === "modified" ? decision.finalFile : proposal.proposed_file;
  if (text === undefined || text === null) {
    throw refusal("proposal_file", `Proposal ${proposal.id} holds no routes.yaml`, "reject it");
  }
  const apply = routesUpdate(text, live, proposal.tool, context);
  return { response: respond(apply.text), apply };
}

/** The `routes.yaml` that a text becomes when it is applied. @throws BottleError `routes_*`. */
export function routesUpdate(
  text: string,
  live: LiveRoutes,
  tool: Proposal["tool"],
  { tokens, now }: Pick<DecisionContext, "tokens" | "now">,
): RoutesUpdate {
  const before = liveDocuments(live);
  const known = knownTokens(before, tokens);
  const proposed = parseProposedRoutes(text, "routes.yaml", (tokenRef) => known.has(tokenRef));
  const after = appliedRoutes(proposed, now);
  const applied = routesFileText(after);
  return { text: applied, hash: sha256(applied), changes: routeChanges(before, proposed, tool) };
}

/** The routes of a live file, credentials unchecked: they were, when it became the live one. */
export function liveDocuments({ text }: Pick<LiveRoutes, "text">): ProposedRoute[] {
  return parseProposedRoutes(text, "routes.yaml", () => true);
}

/** Credentials of the live file are the bottle's own, also where nothing else tells. */
function knownTokens(
  live: readonly ProposedRoute[],
  tokens: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Set([...tokens, ...live.flatMap(({ auth }) => auth?.token_ref ?? [])]);
}

const LOOK = "look at it again";

function refusal(code: string, message: string, hint: string): BottleError {
  return new BottleError(message, { code, hint, exit: ExitCode.refused });
}
