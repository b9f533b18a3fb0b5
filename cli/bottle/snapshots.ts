import { namesIn } from "./find_bottles.ts";
import type { BottleLayout } from "./layout.ts";
import { removeHostileTree } from "./remove_state.ts";

/**
 * What stands in `state/<slug>/snapshots/`, told by names alone: `commit-TIME` was made by `commit`, `before-TIME` is
 * what a start from another one set aside, `incoming-TIME` is being put in its place; `NAME.part` is not complete.
 */
export interface Snapshot {
  readonly name: string;
  /** Folder with `home/` and `workspace/`. */
  readonly folder: string;
  readonly taken: Date;
}

export type SnapshotKind = "commit" | "before" | "incoming";

/** The folder of a bottle's snapshots. */
export function snapshotFolder({ state }: Pick<BottleLayout, "state">): string {
  return `${state}/snapshots`;
}

/** Snapshots of one kind that are complete, oldest first. */
export function snapshotsOf(
  layout: Pick<BottleLayout, "state">,
  kind: SnapshotKind,
): readonly Snapshot[] {
  const folder = snapshotFolder(layout);
  return namesIn(folder).flatMap((name) => {
    const [, found, day, hour, minute, second, fraction] =
      /^(commit|before|incoming)-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z$/.exec(name) ?? [];
    if (found !== kind) return [];
    const taken = new Date(`${day}T${hour}:${minute}:${second}.${fraction}Z`);
    return [{ name, folder: `${folder}/${name}`, taken }];
  });
}

/** The name of a snapshot; names of one kind sort by time. */
export function snapshotName(kind: SnapshotKind, taken: Date): string {
  return `${kind}-${taken.toISOString().replace(/[:.]/g, "-")}`;
}

/** A time for a new snapshot: now, and later than those of all others, also for a clock that was set back. */
export function nextTime(layout: Pick<BottleLayout, "state">, now: Date): Date {
  const all = (["commit", "before", "incoming"] as const).flatMap((kind) =>
    snapshotsOf(layout, kind).map(({ taken }) => taken.getTime() + 1)
  );
  return new Date(Math.max(now.getTime(), ...all));
}

/** The newest commit of a bottle. */
export function lastCommit(layout: Pick<BottleLayout, "state">): Snapshot | undefined {
  return snapshotsOf(layout, "commit").at(-1);
}

/** The right to make and remove a bottle's commits. */
export type SnapshotLock = Disposable;

/** Takes the lock; undefined when another program has it. The system gives it back when this process ends. */
export function lockSnapshots(layout: Pick<BottleLayout, "state">): SnapshotLock | undefined {
  const folder = snapshotFolder(layout);
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = Deno.openSync(`${folder}/lock`, { create: true, write: true, mode: 0o600 });
  if (lock.tryLockSync(true)) return { [Symbol.dispose]: () => lock.close() };
  lock.close();
  return undefined;
}

/** Parts that nobody works on any more: their program was killed. */
export function abandonedParts(layout: Pick<BottleLayout, "state">): readonly string[] {
  const folder = snapshotFolder(layout);
  const parts = namesIn(folder).filter((name) => name.endsWith(".part"));
  if (parts.length === 0) return [];
  using lock = lockSnapshots(layout);
  return lock === undefined ? [] : parts.map((name) => `${folder}/${name}`);
}

/** Removes snapshots that are complete. They lose their names first: what is half removed is none to start from. */
export function removeSnapshots(snapshots: readonly Snapshot[]): void {
  const parts = snapshots.map(({ folder }) => {
    Deno.renameSync(folder, `${folder}.part`);
    return `${folder}.part`;
  });
  for (const part of parts) removeHostileTree(part);
}

/** Removes what {@linkcode abandonedParts} finds; whoever calls it holds the lock. */
export function removeParts(layout: Pick<BottleLayout, "state">): void {
  const folder = snapshotFolder(layout);
  for (const name of namesIn(folder)) {
    if (name.endsWith(".part")) removeHostileTree(`${folder}/${name}`);
  }
}

/**
 * Makes one snapshot: `fill` works in a folder that nobody takes for a snapshot, which gets its name in one step
 * when it is complete and is removed when `fill` throws. Whoever calls it holds the lock.
 */
export async function makeSnapshot<Report>(
  layout: Pick<BottleLayout, "state">,
  kind: SnapshotKind,
  taken: Date,
  fill: (folder: string) => Promise<Report>,
): Promise<{ snapshot: Snapshot; report: Report }> {
  const name = snapshotName(kind, taken);
  const folder = `${snapshotFolder(layout)}/${name}`;
  const part = `${folder}.part`;
  Deno.mkdirSync(part, { mode: 0o700 });
  try {
    const report = await fill(part);
    Deno.renameSync(part, folder);
    return { snapshot: { name, folder, taken }, report };
  } catch (error) {
    removeHostileTree(part);
    throw error;
  }
}
