import { BottleError, ExitCode } from "../../core/errors.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import type { ChosenBackend } from "../choose_backend.ts";
import type { Host } from "../context.ts";
import type { StartPoint } from "../resume_command.ts";
import type { BottleLayout } from "./layout.ts";
import { type BottleRecord, recordText } from "./record.ts";
import { checkFiles, settleIncoming, takeBack } from "./restore.ts";
import {
  lastCommit,
  lockSnapshots,
  makeSnapshot,
  nextTime,
  removeParts,
  type Snapshot,
  snapshotsOf,
} from "./snapshots.ts";

/** The files that a resumed bottle goes on with. */
export interface ChosenPoint {
  readonly kind: StartPoint;
  /** What is put in place; absent for `end`. */
  readonly snapshot?: Snapshot;
  /** The commit that is taken, or was not wanted: later starts do not ask for it again. */
  readonly passed?: string;
  /** Whether a commit is passed over that no start has taken. */
  readonly passesOver: boolean;
}

/**
 * Which files: those of a commit that no start has taken yet, else those that are there; `named` decides otherwise.
 *
 * @throws BottleError `no_snapshot` when there is nothing of the kind that was named.
 */
export function startPoint(
  layout: BottleLayout,
  record: BottleRecord,
  named: StartPoint | undefined,
): ChosenPoint {
  const commit = lastCommit(layout);
  const before = snapshotsOf(layout, "before").at(-1);
  const isNew = commit !== undefined && commit.name !== record.commit;
  const kind = named ?? (isNew ? "commit" : "end");
  const passed = commit === undefined ? {} : { passed: commit.name };
  if (kind === "end") return { kind, ...passed, passesOver: isNew };
  const snapshot = kind === "commit" ? commit : before;
  if (snapshot === undefined) {
    const reason = kind === "commit"
      ? "it has no commit"
      : "no start has put a commit in the place of its files";
    throw new BottleError(`Cannot resume "${record.slug}" from ${kind}: ${reason}`, {
      code: "no_snapshot",
      exit: ExitCode.usage,
      hint: "leave --from out to go on with its files as they are",
    });
  }
  return { kind, snapshot, ...passed, passesOver: kind === "before" && isNew };
}

/** What the operator is told before the start. */
export function pointLines({ kind, snapshot, passesOver }: ChosenPoint, now: Date): string[] {
  if (snapshot === undefined) return passesOver ? ["its commit is passed over, and kept"] : [];
  const age = ageText(now.getTime() - snapshot.taken.getTime());
  return kind === "commit"
    ? [
      `starts from the commit of ${timeText(snapshot.taken)} (${age})`,
      "what it did since then is set aside; --from end goes on with that instead",
    ]
    : [`takes back what was set aside at ${timeText(snapshot.taken)} (${age})`];
}

/**
 * Puts the files in place that the bottle goes on with. What stood there is set aside, never removed; a program that
 * was killed meanwhile is taken up by the next. Call it when nobody else can run the bottle.
 *
 * @throws BottleError `files_missing`, `snapshot_failed`, `interrupted`.
 */
export async function settleFiles(
  host: Host,
  backend: ChosenBackend,
  layout: BottleLayout,
  record: BottleRecord,
  { kind, snapshot, passed }: ChosenPoint,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { slug } = record;
  tellReplaced(host, settleIncoming(layout));
  if (snapshot !== undefined) {
    using lock = lockSnapshots(layout);
    if (lock === undefined) {
      throw new BottleError(`Cannot resume "${slug}": a commit of it is being made`, {
        code: "commit_running",
        hint: "wait for it",
      });
    }
    removeParts(layout);
    const now = nextTime(layout, host.clock.now());
    if (kind === "before") takeBack(layout, snapshot, now);
    else {
      const loaded = await backend.load();
      if (host.terminal.stderr) host.terminal.progress("bringing the commit back …");
      try {
        await makeSnapshot(layout, "incoming", now, (to) =>
          loaded.restore({
            slug,
            from: snapshot.folder,
            to,
            leaveOut: [],
            ...(signal === undefined ? {} : { signal }),
          }));
      } finally {
        host.terminal.progress("");
      }
    }
    // Before it is put in place: a start that is killed or fails after this has taken the commit all the same, and
    // the next one finishes that instead of beginning again.
    if (passed !== undefined) {
      replaceFile(layout.record, recordText({ ...record, commit: passed }), 0o600);
    }
    tellReplaced(host, settleIncoming(layout));
  }
  checkFiles(layout, slug);
}

function tellReplaced(host: Host, folder: string | undefined): void {
  if (folder === undefined) return;
  host.log.info(`what was there is kept in ${folder}; --from before takes it back`);
}

/** An instant for people, to the minute. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** How long ago, to its largest unit. */
function ageText(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}
