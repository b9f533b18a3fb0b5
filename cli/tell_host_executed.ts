import { printable } from "../sys/log.ts";
import { hostExecuted } from "./bottle/host_executed.ts";
import { bottleLayout } from "./bottle/layout.ts";
import type { Host } from "./context.ts";
import { bottleHome } from "./home.ts";

/** Most files that are named, so that all fits on 24 rows; the rest are counted. */
const MOST_NAMED = 16;

/**
 * Names what the agent left that would run on this machine later, before anybody uses the workspace.
 *
 * @param origin the folder that was copied into the workspace.
 */
export function tellHostExecuted(host: Host, slug: string, origin: string | undefined): void {
  const { workspace } = bottleLayout(bottleHome(host), host.uid, slug);
  const { files, cut } = hostExecuted(workspace, origin);
  if (files.length === 0 && !cut) return;
  host.log.warn(`look at these before you use ${workspace}: they would run on this machine`);
  for (const { path, change, what } of files.slice(0, MOST_NAMED)) {
    host.log.warn(
      `  ${change} ${printable(path)}${
        what.length === 0 ? "" : ` (${printable(what.join(", "))})`
      }`,
    );
  }
  const rest = files.length - MOST_NAMED;
  if (rest > 0) host.log.warn(`  and ${rest} more`);
  if (cut) {
    host.log.warn("  and perhaps more: the workspace has too many files to look at all of them");
  }
}
