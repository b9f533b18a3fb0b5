import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { BottleError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { SnapshotReport, SnapshotRequest } from "../backend.ts";
import { COPY_SCRIPT, copyArguments, type CopyWalls } from "./copy_arguments.ts";
import { CopyComplaints } from "./copy_complaints.ts";
import { type CopyBounds, watchCopy } from "./copy_watch.ts";
import { type HostShell, SYSTEM_PATH } from "./host_shell.ts";
import { rootEntries } from "./host_binds.ts";

/** What a copy works with. */
export interface CopyContext {
  readonly bwrap: string;
  readonly hostShell: HostShell;
  /** The agent's host uid when the host is root, else null. */
  readonly agentUid: number | null;
  readonly seccomp: Uint8Array;
  readonly bounds: CopyBounds;
}

/** Root's part: what is copied stays the agent's. */
const OWN_SCRIPT = `owner=$1; shift; exec chown "$owner:$owner" "$@"`;

/**
 * Copies `home/` and `workspace/` of a bottle, which may go on writing to them.
 *
 * Paths in a bottle are the agent's to change between two looks at them, and Deno opens files by path only. So the
 * copy is made by cp(1) in walls of its own that show both folders read-only, the target, the system's programs
 * and nothing else: whatever a path leads to, it is the bottle's own.
 *
 * @throws BottleError `snapshot_failed`; `interrupted` when the signal ended it. A part may stand in `to` then.
 */
export async function copyFiles(
  request: SnapshotRequest,
  context: CopyContext,
): Promise<SnapshotReport> {
  const { from, to, signal } = request;
  const { hostShell, agentUid } = context;
  const folders = [`${to}/home`, `${to}/workspace`];
  for (const folder of folders) await Deno.mkdir(folder, { mode: 0o700 });
  if (agentUid !== null) {
    const owned = await hostShell(OWN_SCRIPT, String(agentUid), ...folders);
    if (owned.code !== 0) throw failed(owned.stderr.trim());
  }
  const walls: CopyWalls = { from, to, agentUid, rootEntries: rootEntries() };
  const child = spawn(
    context.bwrap,
    [...copyArguments(walls), "/bin/sh", "-c", COPY_SCRIPT, "copy", ...request.leaveOut],
    {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { PATH: SYSTEM_PATH, LC_ALL: "C" },
      detached: true, // Ctrl-C is for us: what is half copied is removed
    },
  );
  const [, stdout, stderr, seccomp] = child.stdio as unknown as [
    unknown,
    Readable,
    Readable,
    Writable,
  ];
  seccomp.on("error", () => {}); // it failed early, and says why on stderr
  seccomp.end(context.seccomp);
  const complaints = new CopyComplaints();
  stderr.on("data", (chunk: Uint8Array) => complaints.take(chunk));
  let told = "";
  stdout.on("data", (chunk: Uint8Array) => {
    if (told.length < 4096) told += new TextDecoder().decode(chunk);
  });

  let stopped: string | undefined;
  const stop = (why: string) => {
    if (stopped !== undefined) return;
    stopped = why;
    // The whole group: of a bwrap that has only begun, the child does not die with it yet.
    void hostShell(`kill -s KILL -- "-$1"`, String(child.pid));
  };
  const interrupt = () => stop("interrupted");
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted) interrupt();
  const code = await (async () => {
    using _watch = watchCopy(hostShell, request, context.bounds, {
      onProblem: stop,
      // Syncing may take long, and nothing grows meanwhile.
      isCopying: () => !told.includes("copied\n"),
    });
    // "close" comes when nothing holds the pipes any more: everything in the walls has ended.
    return await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
  })().finally(() => signal?.removeEventListener("abort", interrupt));
  if (signal?.aborted) {
    throw new BottleError("The copy was interrupted", { code: "interrupted" });
  }
  if (stopped !== undefined) throw failed(stopped);
  const wrong = complaints.end();
  if (wrong !== undefined) throw failed(wrong);
  const report = parseReport(told);
  if (code !== 0 || report === undefined) throw failed(`the copying ended with ${code}`);
  if (report.status !== 0 && complaints.vanished + complaints.unopened === 0) {
    throw failed(`cp ended with ${report.status}`);
  }
  const { entries, bytes, changed } = report;
  const { vanished, unopened } = complaints;
  return { entries, bytes, changed: changed + vanished, unopened };
}

/** The lines that the script prints: `name number`. */
function parseReport(text: string) {
  const values = new Map(
    [...text.matchAll(/^(\w+) (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  const [status, entries, kib, changed] = ["status", "entries", "kib", "changed"]
    .map((name) => values.get(name));
  if (
    status === undefined || entries === undefined || kib === undefined || changed === undefined
  ) return undefined;
  return { status, entries, bytes: kib * 1024, changed };
}

function failed(why: string): BottleError {
  return new BottleError(`Cannot copy the bottle's files: ${printable(why).slice(0, 500)}`, {
    code: "snapshot_failed",
    hint: "free some disk space if the disk is full; the bottle and its files are as they were",
  });
}
