import { lastChange } from "../apply_change.ts";
import type { DeskBottle } from "../bottle_desk.ts";
import { liveDocuments } from "../decide.ts";
import { readLiveRoutes } from "../live_routes.ts";
import { routeChanges } from "../route_changes.ts";
import { safeLine } from "../../screen/safe_text.ts";

/** A change that can be undone. */
export interface Undoable {
  readonly slug: string;
  /** RFC 3339. */
  readonly time: string;
  readonly proposal: string | null;
  /** What undoing it does, a sign and a host each. */
  readonly hosts: readonly string[];
}

/** The newest last change of some bottles; undefined when there is none. @throws BottleError `desk_failed`. */
export function newestChange(bottles: readonly DeskBottle[]): Undoable | undefined {
  const found = bottles.flatMap((bottle) => {
    const change = lastChange(bottle);
    return change === undefined ? [] : [{ bottle, change }];
  }).sort((a, b) => a.change.time < b.change.time ? -1 : 1).at(-1);
  if (found === undefined) return undefined;
  const { bottle, change } = found;
  return {
    slug: bottle.slug,
    time: change.time,
    proposal: change.proposal_id,
    hosts: hostsOf(bottle, change.previous_text),
  };
}

function hostsOf({ contract }: DeskBottle, previous: string): string[] {
  try {
    const now = liveDocuments(readLiveRoutes(contract));
    const signs = { added: "+", removed: "-", changed: "~" };
    return routeChanges(now, liveDocuments({ text: previous }), "egress-allow")
      .map(({ host, kind }) => `${signs[kind]}${safeLine(host)}`);
  } catch {
    return []; // undoing says what is wrong with the file
  }
}
