import { messageOf } from "../core/errors.ts";
import { routesFileText } from "../core/live_route.ts";
import type { Proposal } from "../core/proposal.ts";
import { type DeskBottle, tokenNames } from "./bottle_desk.ts";
import { liveDocuments, routesUpdate } from "./decide.ts";
import { type LiveRoutes, readLiveRoutes } from "./live_routes.ts";
import { parseProposedRoutes } from "./proposed_routes.ts";
import type { RouteChange } from "./route_changes.ts";

/** What a proposal of routes would do, to be looked at before it is approved. */
export interface RoutesPreview {
  /** SHA-256 of the live file that this was made against: {@linkcode Decision.shown}. */
  readonly liveHash: string;
  /** Both files in one spelling, so that a difference between them is one that matters. */
  readonly live: string;
  readonly proposed: string;
  readonly changes: readonly RouteChange[];
  /** Why the proposed file cannot be applied as it stands; `proposed` is its own text then. */
  readonly problem?: string;
}

/**
 * Compares a proposed `routes.yaml` with the live one.
 *
 * @throws BottleError `routes_*` when the live file cannot be read.
 */
export function previewRoutes(bottle: DeskBottle, proposal: Proposal, now: number): RoutesPreview {
  return previewAgainst(readLiveRoutes(bottle.contract), proposal, tokenNames(bottle), now);
}

/** The pure part of {@linkcode previewRoutes}. */
export function previewAgainst(
  live: LiveRoutes,
  { tool, proposed_file }: Pick<Proposal, "tool" | "proposed_file">,
  tokens: ReadonlySet<string>,
  now: number,
): RoutesPreview {
  const liveText = routesFileText(liveDocuments(live));
  const text = proposed_file ?? "";
  try {
    const { changes } = routesUpdate(text, live, tool, { tokens, now });
    const proposed = routesFileText(parseProposedRoutes(text, "routes.yaml", () => true));
    return { liveHash: live.hash, live: liveText, proposed, changes };
  } catch (error) {
    const problem = messageOf(error);
    return { liveHash: live.hash, live: liveText, proposed: text, changes: [], problem };
  }
}
