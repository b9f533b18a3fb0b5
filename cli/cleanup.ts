import { join } from "node:path/posix";
import { messageOf } from "../core/errors.ts";
import { claimBottle, isClaimed } from "./bottle/claim.ts";
import { leftDeployKeys, revokeDeployKeys } from "./bottle/deploy_keys.ts";
import { findBottles, namesIn } from "./bottle/find_bottles.ts";
import { type BottleLayout, bottleLayout } from "./bottle/layout.ts";
import { removeRunState, removeTree } from "./bottle/remove_state.ts";
import { abandonedParts, lockSnapshots, removeParts } from "./bottle/snapshots.ts";
import { allBackends } from "./choose_backend.ts";
import type { CleanupFlags } from "./cleanup_command.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";
import { table } from "./ui/table.ts";

/** Something that can go, and how. */
interface Removable {
  readonly slug: string;
  readonly what: string;
  remove(): Promise<void> | void;
}

/** `bot-bottle cleanup`. */
export async function cleanup(this: CliContext, flags: CleanupFlags): Promise<void> {
  const { host, process } = this;
  const found = await leftovers(host);
  if (flags.json) {
    const listed = found.map(({ slug, what }) => ({ slug, what }));
    process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
    if (!flags.yes) return;
  } else if (found.length === 0) {
    host.log.info("nothing is left over");
    return;
  } else {
    process.stdout.write(
      table(["BOTTLE", "LEFT OVER"], found.map((item) => [item.slug, item.what])),
    );
  }
  if (!flags.yes) {
    if (!host.terminal.interactive) throw missingTerminal("confirm the removal", "--yes");
    const answer = await host.terminal.ask(`Remove ${found.length}? [y/N] `);
    if (!/^y(es)?$/i.test(answer?.trim() ?? "")) return;
  }
  let failed = 0;
  for (const item of found) {
    try {
      await item.remove();
    } catch (error) {
      failed++;
      host.log.error(`Cannot remove ${item.what} of ${item.slug}: ${messageOf(error)}`);
    }
  }
  host.log.info(`removed ${found.length - failed} of ${found.length}`);
  if (failed > 0) this.exitWith(1);
}

/** Processes and walls first, then files: a process that still writes would make its folder again. */
async function leftovers(host: Host): Promise<Removable[]> {
  const home = bottleHome(host);
  // Before the bottles: one that starts meanwhile has its claim before its sockets, and is then seen to run.
  const sockets = [...new Set([join(home, "run"), socketParent(home, host.uid)])]
    .flatMap((folder) => namesIn(folder).map((name) => ({ name, path: join(folder, name) })));
  const bottles = findBottles(home, host.uid);
  const found: Removable[] = [];
  for (const backend of await allBackends(host)) {
    for (const item of await backend.leftovers()) {
      // A bottle that started meanwhile has its claim before it has anything else.
      if (isClaimed(bottleLayout(home, host.uid, item.slug))) continue;
      found.push({ slug: item.slug, what: item.what, remove: () => backend.remove(item) });
    }
  }
  for (const { slug, layout, state } of bottles) {
    const keys = state === "running" ? 0 : leftDeployKeys(layout);
    if (keys > 0) {
      found.push({
        slug,
        what: `${keys} deploy ${keys === 1 ? "key" : "keys"} at a forge`,
        remove: () => revokeDeployKeys(host, layout),
      });
    }
    for (const path of state === "dead" ? [] : abandonedParts(layout)) {
      found.push({ slug, what: path, remove: () => removeAbandonedParts(layout) });
    }
    if (state === "dead") {
      found.push({ slug, what: layout.state, remove: () => removeUnclaimed(layout, slug, false) });
    } else if (state === "kept" && exists(`${layout.contract}/config`)) {
      // Its host was killed: keys and configuration are of no use to a bottle that is kept.
      found.push({
        slug,
        what: `${layout.contract}/config`,
        remove: () => removeUnclaimed(layout, slug, true),
      });
    }
  }
  const used = new Set(
    bottles.filter(({ state }) => state !== "dead").map(({ layout }) => layout.sockets),
  );
  for (const { name, path } of sockets) {
    if (!used.has(path)) found.push({ slug: name, what: path, remove: () => removeTree(path) });
  }
  for (const path of abandonedFiles(home, host.clock.now())) {
    found.push({ slug: "-", what: path, remove: () => removeTree(path) });
  }
  return found;
}

/** Removes state that nobody runs; a bottle that started since it was listed stays. */
function removeUnclaimed(layout: BottleLayout, slug: string, preserved: boolean): void {
  using _claim = claimBottle(layout, slug, false);
  removeRunState(layout, preserved);
}

/** Removes what commits that were killed left; one that began since is let alone. */
function removeAbandonedParts(layout: BottleLayout): void {
  using lock = lockSnapshots(layout);
  if (lock !== undefined) removeParts(layout);
}

/** What a program that was killed was about to rename or remove, in milliseconds of age. */
const ABANDONED_AGE = 60_000;

/** Files of a moment that a killed program left: spare authorities being taken or written, rules being tested. */
function abandonedFiles(home: string, now: Date): string[] {
  return [
    ...namesIn(home).filter((name) => name.startsWith("spare-ca.json.")),
    ...namesIn(join(home, "tmp")).map((name) => join("tmp", name)),
  ].map((name) => join(home, name)).filter((path) => {
    const { mtime } = Deno.lstatSync(path);
    return mtime !== null && now.getTime() - mtime.getTime() > ABANDONED_AGE;
  });
}

/** The folder that a bottle of the longest name keeps its sockets in. */
function socketParent(home: string, uid: number): string {
  const { sockets } = bottleLayout(home, uid, "b".repeat(63));
  return sockets.slice(0, sockets.lastIndexOf("/"));
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
