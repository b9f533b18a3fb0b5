import type { SnapshotReport } from "../backends/backend.ts";
import { CREDENTIAL_NAMES } from "../core/credential_places.ts";
import { ExitCode, messageOf } from "../core/errors.ts";
import { deskBottle } from "../supervise/bottle_desk.ts";
import { deskRecorder } from "../supervise/desk_events.ts";
import { exitCodeOfSignal, onSignals } from "../sys/signals.ts";
import {
  lockSnapshots,
  makeSnapshot,
  nextTime,
  removeParts,
  removeSnapshots,
  snapshotsOf,
} from "./bottle/snapshots.ts";
import { chooseBackend } from "./choose_backend.ts";
import { refusal, runningBottle, type RunningState } from "./commit_choice.ts";
import type { CommitFlags } from "./commit_command.ts";
import { reportLines, size } from "./commit_report.ts";
import type { CliContext, Host } from "./context.ts";
import { bottleHome } from "./home.ts";

/** Where agent CLIs keep their conversations and settings; without them nobody could go on. They hold placeholders. */
const OF_AGENTS = [".claude", ".claude.json", ".codex", ".pi", ".gemini", ".cursor"];

/**
 * What a commit holds nothing of: what programs make again, and where tools keep credentials. A bottle needs none of
 * its own, so what stands there was pasted or made in it; a commit is made to be kept and handed on.
 */
const LEFT_OUT = [".cache", ...CREDENTIAL_NAMES.filter((name) => !OF_AGENTS.includes(name))];

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
  note(host, bottle.slug, report);
  const leftOut = LEFT_OUT.filter((name) => exists(`${layout.home}/${name}`));
  if (flags.json) {
    const told = {
      slug: bottle.slug,
      taken: snapshot.taken.toISOString(),
      folder: snapshot.folder,
      ...report,
      left_out: leftOut,
    };
    this.process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
  } else {
    this.process.stdout.write(`${snapshot.folder}\n`);
    const seconds = (host.clock.now().getTime() - started.getTime()) / 1000;
    for (const line of reportLines(bottle, snapshot, report, leftOut, seconds)) host.log.info(line);
  }
  removeSnapshots(snapshotsOf(layout, "commit").slice(0, -1));
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
  const stderr = host.terminal.stderr;
  if (!stderr) host.log.info(`copying home and workspace of ${slug} …`);
  else host.terminal.progress(`copying home and workspace of ${slug} …`);
  try {
    return await makeSnapshot(
      layout,
      "commit",
      nextTime(layout, now),
      (folder) =>
        backend.snapshot({
          slug,
          from: layout.state,
          to: folder,
          leaveOut: LEFT_OUT,
          signal: abort.signal,
          onProgress: (bytes) => host.terminal.progress(`copying ${slug}: ${size(bytes)}`),
        }),
    );
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

/** The event in the chain of what the operator's side does; a chain that is busy is no reason to fail. */
function note(host: Host, slug: string, report: SnapshotReport): void {
  try {
    deskRecorder(deskBottle(bottleHome(host), slug), host.clock)({
      type: "committed",
      ...report,
    });
  } catch (error) {
    host.log.warn(`the commit is not in the log: ${messageOf(error)}`);
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
