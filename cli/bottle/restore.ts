import { BottleError, ExitCode } from "../../core/errors.ts";
import type { BottleLayout } from "./layout.ts";
import { type Snapshot, snapshotFolder, snapshotName, snapshotsOf } from "./snapshots.ts";

const PARTS = ["home", "workspace"] as const;

/**
 * Puts every `incoming-TIME` in its place, and what stood there into `before-TIME`. Each step is a rename, and a
 * program that was killed between two of them is taken up by the next one that calls this.
 *
 * @returns the folder with what was replaced, when something was.
 */
export function settleIncoming(layout: BottleLayout): string | undefined {
  let replaced: string | undefined;
  for (const { folder, taken } of snapshotsOf(layout, "incoming")) {
    const before = `${snapshotFolder(layout)}/${snapshotName("before", taken)}`;
    for (const part of PARTS) {
      const [incoming, place] = [`${folder}/${part}`, layout[part]];
      if (!isFolder(incoming)) continue; // it is in its place already
      if (isFolder(place)) {
        Deno.mkdirSync(before, { recursive: true, mode: 0o700 });
        move(place, `${before}/${part}`);
      }
      move(incoming, place);
    }
    Deno.removeSync(folder);
    if (isFolder(before)) replaced = before;
  }
  return replaced;
}

/** Takes what was set aside, to be put in its place again: in one step it is no `before` any more. */
export function takeBack(layout: BottleLayout, before: Snapshot, now: Date): void {
  Deno.renameSync(before.folder, `${snapshotFolder(layout)}/${snapshotName("incoming", now)}`);
}

/**
 * @throws BottleError `files_missing` when home or workspace is not there: an empty one in its place would look like
 * lost work.
 */
export function checkFiles(layout: BottleLayout, slug: string): void {
  for (const part of PARTS) {
    if (isFolder(layout[part])) continue;
    const commit = snapshotsOf(layout, "commit").at(-1);
    throw new BottleError(`Cannot resume "${slug}": its ${part} is gone (${layout[part]})`, {
      code: "files_missing",
      exit: ExitCode.failed,
      hint: commit === undefined
        ? "bring the folder back, or start a new bottle"
        : `bring the folder back, or start from its commit: bot-bottle resume ${slug} --from commit`,
    });
  }
}

/** A folder that its agent took the permissions away from cannot be moved by its owner: moving writes `..` in it. */
function move(from: string, to: string): void {
  Deno.chmodSync(from, 0o700);
  Deno.renameSync(from, to);
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}
