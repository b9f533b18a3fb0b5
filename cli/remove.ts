import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { replaceFile } from "../sys/atomic_file.ts";
import { forgetHeads } from "./bottle/chain_heads.ts";
import { claimBottle } from "./bottle/claim.ts";
import { leftDeployKeys, revokeDeployKeys } from "./bottle/deploy_keys.ts";
import { findBottles, type StateOnDisk } from "./bottle/find_bottles.ts";
import { recordText } from "./bottle/record.ts";
import { removeRunState } from "./bottle/remove_state.ts";
import { lastCommit, lockSnapshots, removeSnapshots, snapshotsOf } from "./bottle/snapshots.ts";
import { confirmed } from "./confirmed.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import type { RemoveFlags } from "./remove_command.ts";
import { table } from "./ui/table.ts";

/** `bot-bottle remove`: kept bottles, or what their resumes set aside. */
export async function remove(
  this: CliContext,
  flags: RemoveFlags,
  ...slugs: string[]
): Promise<void> {
  const { host } = this;
  // All of them are looked up before the first one goes: a slip of the pen removes nothing.
  const bottles = [...new Set(slugs)].map((slug) => removable(host, slug));
  const rows = bottles.flatMap((bottle) => flags.setAside ? asideRows(bottle) : [row(bottle)]);
  if (rows.length === 0) {
    host.log.info("nothing was set aside");
    return;
  }
  this.process.stderr.write(
    table(
      flags.setAside ? ["BOTTLE", "SET ASIDE"] : ["BOTTLE", "AGENT", "STARTED", "COMMITTED"],
      rows,
    ),
  );
  const what = flags.setAside ? "These files" : rows.length === 1 ? "This bottle" : "These bottles";
  const question = `${what} will be gone for good. Remove?`;
  if (!flags.yes && !await confirmed(host, question, "confirm the removal")) {
    host.log.info("nothing was removed");
    this.exitWith(ExitCode.failed);
    return;
  }
  for (const bottle of bottles) {
    if (flags.setAside) removeAside(bottle);
    else await removeBottle(host, bottle);
  }
  host.log.info(`removed ${rows.length}`);
}

function row({ slug, record, layout }: StateOnDisk): string[] {
  const committed = lastCommit(layout)?.taken.toISOString() ?? "";
  return [slug, record?.agent ?? "", record?.started ?? "", committed];
}

function asideRows({ slug, layout }: StateOnDisk): string[][] {
  return snapshotsOf(layout, "before").map(({ name }) => [slug, name]);
}

function removeAside({ slug, layout }: StateOnDisk): void {
  using _claim = claimBottle(layout, slug, false);
  removeSnapshots(snapshotsOf(layout, "before"));
}

async function removeBottle(host: Host, { slug, layout, record }: StateOnDisk): Promise<void> {
  using _claim = claimBottle(layout, slug, false);
  // A commit goes on when its bottle ends; what it copies must not vanish below it.
  using commits = lockSnapshots(layout);
  if (commits === undefined) {
    throw refusal(slug, "a commit of it is being made", "commit_running", "wait for it");
  }
  // First, while there is still somebody who knows of them.
  if (leftDeployKeys(layout) > 0) await revokeDeployKeys(host, layout);
  // A removal that is cut off leaves a dead bottle for cleanup, not half of one to resume.
  if (record !== undefined) {
    replaceFile(layout.record, recordText({ ...record, preserved: false }), 0o600);
  }
  removeRunState(layout, false);
  forgetHeads(bottleHome(host), slug);
}

/**
 * A bottle that nobody runs.
 *
 * @throws BottleError `no_bottle`, `slug_taken`.
 */
function removable(host: Host, slug: string): StateOnDisk {
  const all = findBottles(bottleHome(host), host.uid);
  const found = all.find((bottle) => bottle.slug === slug);
  if (found?.state === "running") {
    throw refusal(slug, "it is running", "slug_taken", "end it first");
  }
  if (found !== undefined) return found;
  const near = nearest(slug, all.map((bottle) => bottle.slug));
  throw refusal(
    slug,
    "there is no such bottle",
    "no_bottle",
    near === undefined ? "bot-bottle list shows what is kept" : `did you mean ${near}?`,
  );
}

function refusal(slug: string, reason: string, code: string, hint: string): BottleError {
  return new BottleError(`Cannot remove ${JSON.stringify(slug)}: ${reason}`, {
    code,
    exit: ExitCode.usage,
    hint,
  });
}
