import type { SnapshotReport } from "../backends/backend.ts";
import { nearest } from "../core/diagnostic.ts";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { deskBottle } from "../supervise/bottle_desk.ts";
import { deskRecorder } from "../supervise/desk_events.ts";
import { exitCodeOfSignal, onSignals } from "../sys/signals.ts";
import { findBottles, type StateOnDisk } from "./bottle/find_bottles.ts";
import { removeHostileTree } from "./bottle/remove_state.ts";
import {
  lastCommit,
  lockSnapshots,
  makeSnapshot,
  removeParts,
  type Snapshot,
  snapshotsOf,
} from "./bottle/snapshots.ts";
import { chooseBackend } from "./choose_backend.ts";
import type { CommitFlags } from "./commit_command.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";
import { missingTerminal } from "./ui/missing_terminal.ts";

/**
 * What a commit holds nothing of: what programs make again, and where tools keep credentials. A bottle needs none of
 * its own, so what stands there was pasted or made in it; a commit is made to be kept and handed on.
 */
const LEFT_OUT = [
  ".cache",
  ".ssh",
  ".gnupg",
  ".aws",
  ".azure",
  ".kube",
  ".docker",
  ".netrc",
  ".git-credentials",
  ".npmrc",
  ".pypirc",
  ".password-store",
];

/** `bot-bottle commit`. */
export async function commit(this: CliContext, flags: CommitFlags, slug?: string): Promise<void> {
  const { host } = this;
  const bottle = await runningBottle(host, slug);
  const { layout } = bottle;
  using lock = lockSnapshots(layout);
  if (lock === undefined) {
    throw refusal(bottle.slug, "another commit of it is being made", "commit_running", {
      exit: ExitCode.failed,
      hint: "wait for it",
    });
  }
  removeParts(layout); // what a commit that was killed left
  const started = host.clock.now();
  const { snapshot, report } = await copyWithProgress(host, bottle, started);
  for (const { folder } of snapshotsOf(layout, "commit").slice(0, -1)) removeHostileTree(folder);
  note(host, bottle.slug, report);
  const leftOut = LEFT_OUT.filter((name) => exists(`${layout.home}/${name}`));
  if (flags.json) {
    const told = {
      slug: bottle.slug,
      taken: snapshot.taken.toISOString(),
      folder: snapshot.folder,
      ...counts(report),
      left_out: leftOut,
    };
    this.process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  this.process.stdout.write(`${snapshot.folder}\n`);
  const seconds = (host.clock.now().getTime() - started.getTime()) / 1000;
  for (const line of reportLines(bottle, snapshot, report, leftOut, seconds)) host.log.info(line);
}

/** Copies, with progress on a terminal; Ctrl-C removes what is half done. */
async function copyWithProgress(host: Host, { slug, layout, record }: RunningState, now: Date) {
  const abort = new AbortController();
  const by: { signal?: Deno.Signal } = {};
  using _signals = onSignals(["SIGINT", "SIGTERM", "SIGHUP"], (signal) => {
    by.signal ??= signal;
    abort.abort();
  });
  const backend = await chooseBackend(host, record.backend).load();
  if (!backend.capabilities().snapshotWhileRunning) {
    throw refusal(slug, `${backend.name} cannot do it while the bottle runs`, "no_snapshot", {
      exit: ExitCode.failed,
      hint: "end the bottle; what it leaves is kept",
    });
  }
  // A name of its own, also for a clock that was set back: the newest commit is the one that counts.
  const last = lastCommit(layout)?.taken.getTime() ?? 0;
  const taken = new Date(Math.max(now.getTime(), last + 1));
  const stderr = host.terminal.stderr;
  if (!stderr) host.log.info(`copying home and workspace of ${slug} …`);
  else host.terminal.progress(`copying home and workspace of ${slug} …`);
  try {
    return await makeSnapshot(layout, "commit", taken, (folder) =>
      backend.snapshot({
        slug,
        from: layout.state,
        to: folder,
        leaveOut: LEFT_OUT,
        signal: abort.signal,
        onProgress: (bytes) => host.terminal.progress(`copying ${slug}: ${size(bytes)}`),
      }));
  } catch (error) {
    if (by.signal === undefined) throw error;
    throw refusal(slug, "it was interrupted", "interrupted", {
      exit: exitCodeOfSignal(by.signal) as ExitCode,
      hint: "nothing was changed",
    });
  } finally {
    host.terminal.progress("");
  }
}

/** A bottle that runs and whose state stays when it ends. */
type RunningState = StateOnDisk & { readonly record: NonNullable<StateOnDisk["record"]> };

/**
 * The bottle that was named, the only one that runs, or the one that is picked.
 *
 * @throws BottleError `no_bottle`, `no_terminal`, `not_kept`.
 */
async function runningBottle(host: Host, slug: string | undefined): Promise<RunningState> {
  const all = findBottles(bottleHome(host), host.uid);
  const running = all.filter(({ state }) => state === "running");
  const name = slug ?? await onlyOne(host, running);
  const found = all.find((bottle) => bottle.slug === name);
  if (found === undefined) {
    const near = nearest(name, running.map((bottle) => bottle.slug));
    throw refusal(name, "there is no such bottle", "no_bottle", {
      hint: near === undefined ? "bot-bottle list shows what runs" : `did you mean ${near}?`,
    });
  }
  const { record } = found;
  if (found.state !== "running" || record === undefined) {
    const hint = found.state === "kept"
      ? `its files are kept as it left them: bot-bottle resume ${name}`
      : "bot-bottle list shows what runs";
    throw refusal(name, "it does not run", "no_bottle", { hint });
  }
  if (!record.preserved) {
    throw refusal(name, "nothing of it is kept when its command ends", "not_kept", {
      hint: "use bot-bottle start, or run --keep",
    });
  }
  return { ...found, record };
}

async function onlyOne(host: Host, running: readonly StateOnDisk[]): Promise<string> {
  const [first, ...more] = running;
  if (first === undefined) {
    throw new BottleError("Cannot commit: no bottle runs", {
      code: "no_bottle",
      exit: ExitCode.usage,
      hint: "start one with bot-bottle start",
    });
  }
  if (more.length === 0) return first.slug;
  if (!host.terminal.interactive) {
    throw missingTerminal(`choose between ${running.length} bottles that run`, "SLUG");
  }
  const { pickOne } = await import("./ui/ask.ts");
  return await pickOne(host, {
    title: "Commit which bottle?",
    choices: running.map(({ slug, record }) => ({
      value: slug,
      hint: `${record?.label ?? "-"} (${record?.agent ?? "-"})`,
    })),
  });
}

/** What people are told; names of files are not among it. */
function reportLines(
  { slug, record }: RunningState,
  { folder }: Snapshot,
  { entries, bytes, changed, tooLong }: SnapshotReport,
  leftOut: readonly string[],
  seconds: number,
): string[] {
  const files = (count: number) => `${count} ${count === 1 ? "file" : "files"}`;
  return [
    `committed ${slug}: ${entries} files and folders, ${size(bytes)}, in ${seconds.toFixed(1)} s`,
    ...(changed === 0 ? [] : [
      `${
        files(changed)
      } changed meanwhile and may be half-written in it; commit again when the agent rests`,
    ]),
    ...(tooLong === 0 ? [] : [`${files(tooLong)} left out: their paths are too long to be opened`]),
    ...(leftOut.length === 0 ? [] : [`left out: ${leftOut.map((name) => `~/${name}`).join(", ")}`]),
    record.agent === undefined
      ? `${slug} ran a command, so it is not resumed`
      : `the next bot-bottle resume ${slug} starts from it`,
    `export it: tar -C ${shellWord(folder)} -cf ${slug}.tar home workspace`,
  ];
}

/** The event in the chain of what the operator's side does; a chain that is busy is no reason to fail. */
function note(host: Host, slug: string, report: SnapshotReport): void {
  try {
    deskRecorder(deskBottle(bottleHome(host), slug), host.clock)({
      type: "committed",
      ...counts(report),
    });
  } catch (error) {
    host.log.warn(`the commit is not in the log: ${messageOf(error)}`);
  }
}

function counts({ entries, bytes, changed, tooLong }: SnapshotReport) {
  return { entries, bytes, changed, too_long: tooLong };
}

function size(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 10 ? `${mebibytes.toFixed(1)} MiB` : `${Math.round(mebibytes)} MiB`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function refusal(
  slug: string,
  reason: string,
  code: string,
  { exit = ExitCode.usage, hint }: { exit?: ExitCode; hint: string },
): BottleError {
  return new BottleError(`Cannot commit ${JSON.stringify(slug)}: ${reason}`, { code, exit, hint });
}
