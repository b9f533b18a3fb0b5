import { messageOf } from "../core/errors.ts";
import { hasExpired, routesFileText } from "../core/live_route.ts";
import { printable } from "../core/printable.ts";
import { watchFile } from "../sys/watch_file.ts";
import { applyChange, type DeskContext, recoverChange } from "./apply_change.ts";
import { type DeskBottle, deskPath } from "./bottle_desk.ts";
import { liveDocuments } from "./decide.ts";
import { lockDesk } from "./desk_lock.ts";
import { readLiveRoutes, sha256 } from "./live_routes.ts";

/**
 * Removes routes that have ended from a live `routes.yaml`; the proxy refuses them already. Each removal is an
 * event.
 *
 * @returns the hosts whose routes were removed, and when the next one ends (milliseconds since the epoch).
 * @throws BottleError `routes_*` when the live file cannot be read, and what applying throws.
 */
export async function removeExpired(
  bottle: DeskBottle,
  context: DeskContext,
): Promise<{ readonly removed: readonly string[]; readonly next: number | undefined }> {
  const now = context.clock.now();
  const before = dueIn(bottle, now.getTime());
  if (!before.due) return { removed: [], next: before.next };
  using _lock = await lockDesk(bottle);
  recoverChange(bottle, context);
  const live = readLiveRoutes(bottle.contract);
  const routes = liveDocuments(live);
  const ended = routes.filter((route) => hasExpired(route, now.getTime()));
  if (ended.length === 0) return { removed: [], next: dueIn(bottle, now.getTime()).next };
  const text = routesFileText(routes.filter((route) => !ended.includes(route)));
  for (const { host, expires } of ended) {
    context.record({ type: "route_expired", slug: bottle.slug, host: printable(host), expires });
  }
  applyChange(bottle, {
    kind: "expiry",
    proposal_id: null,
    previous_text: live.text,
    previous_hash: live.hash,
    final_hash: sha256(text),
    response: null,
    time: now.toISOString(),
  }, text);
  return { removed: ended.map(({ host }) => host), next: dueIn(bottle, now.getTime()).next };
}

function dueIn(bottle: DeskBottle, now: number): { due: boolean; next: number | undefined } {
  const ends = liveDocuments(readLiveRoutes(bottle.contract))
    .flatMap(({ expires }) => expires === undefined ? [] : [Date.parse(expires)]);
  const coming = ends.filter((end) => end > now);
  return {
    due: coming.length < ends.length,
    next: coming.length === 0 ? undefined : Math.min(...coming),
  };
}

/** Longest time between two looks, in milliseconds: a machine that slept has other ideas of how long a timer is. */
const LONGEST = 60_000;

/** Removes routes of a bottle as they end, until disposed. What fails is told, and tried again. */
export function followExpiry(
  bottle: DeskBottle,
  context: DeskContext & { readonly onProblem: (message: string) => void },
): AsyncDisposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const look = async () => {
    clearTimeout(timer);
    if (stopped) return;
    let wait = LONGEST;
    try {
      const { next } = await removeExpired(bottle, context);
      if (next !== undefined) wait = Math.min(LONGEST, next - context.clock.now().getTime());
    } catch (error) {
      context.onProblem(messageOf(error));
    }
    if (!stopped) timer = setTimeout(again, Math.max(50, wait));
  };
  const again = () => void (running = running.then(look));
  const watch = watchFile(deskPath.routes(bottle), again);
  again();
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      watch[Symbol.dispose]();
      await running;
      clearTimeout(timer);
    },
  };
}
