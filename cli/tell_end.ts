import type { Host } from "./context.ts";
import { tellSession } from "./session_summary.ts";
import { tellHostExecuted } from "./tell_host_executed.ts";

/**
 * Says what there is to say when an agent has ended: what happened, what it left that would run here, how to go on.
 *
 * @param origin the folder that was copied into the workspace.
 */
export function tellEnd(host: Host, slug: string, started: Date, origin: string | undefined): void {
  tellSession(host, slug, started);
  tellHostExecuted(host, slug, origin);
  if (host.terminal.interactive) {
    host.log.info(`${slug} is kept; bot-bottle resume ${slug} goes on`);
  }
}
