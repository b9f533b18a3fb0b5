import { join } from "node:path";
import { BottleError, ExitCode } from "../../core/errors.ts";
import type {
  Availability,
  Backend,
  BottlePlan,
  Capabilities,
  FoundBottle,
  Leftover,
  RunningBottle,
  SnapshotReport,
  SnapshotRequest,
} from "../backend.ts";
import { isSlug } from "../../core/slug.ts";
import { BubblewrapBottle } from "./bottle.ts";
import { slugOfCgroup } from "./cgroup.ts";
import { type HostShell, SYSTEM_PATH, systemShell } from "./host_shell.ts";
import { removeCgroups } from "./cgroup_folders.ts";
import { agentHostUid } from "./identity.ts";
import { type LaunchContext, prepareBottle } from "./launch.ts";
import { parseProcessStat } from "./process_stat.ts";
import { parseRunRecord, type RunRecord } from "./run_record.ts";
import { seccompProgram } from "./seccomp.ts";
import type { Architecture } from "./syscalls.ts";

/** What the backend touches; everything but `home` has the system's as its default. */
export interface BubblewrapOptions {
  /** bot-bottle's own folder; bottles are in `state/<slug>`. */
  readonly home: string;
  /** The operator's home folder, which no mount may show. */
  readonly operatorHome?: string;
  /** Absolute path; found in the system's folders when absent. */
  readonly bwrap?: string;
  readonly shell?: string;
  readonly hostShell?: HostShell;
  readonly uid?: number;
  readonly architecture?: Architecture;
  readonly hostAddresses?: () => readonly string[];
  /** Whether stdin and stdout are the caller's terminal. */
  readonly hasTerminal?: () => boolean;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace?: number;
  /** Bytes that stay free on the host's disk. */
  readonly freeFloorBytes?: number;
  /** Milliseconds in which a snapshot must get on. */
  readonly copyPatience?: number;
}

const INSTALL = "apt-get install bubblewrap   # or: dnf install bubblewrap, apk add bubblewrap";
const FREE_FLOOR_BYTES = 512 * 1024 * 1024;
const GRACE = 5_000;
const COPY_PATIENCE = 60_000;

/** A start of empty walls: what fails here fails in every bottle. */
const TRY_SCRIPT =
  `exec "$1" --unshare-user --unshare-pid --unshare-net --unshare-ipc --unshare-uts \\
  --die-with-parent --ro-bind / / --proc /proc --dev /dev true`;

const ALIVE_SCRIPT = `
for pid; do
  { read -r line < "/proc/$pid/stat"; } 2>/dev/null && echo "$line"
done
:
`;

const CGROUPS_SCRIPT = `find /sys/fs/cgroup -type d -name 'bot-bottle-*' 2>/dev/null; :`;

/** Bottles of namespaces, seccomp and cgroups by bubblewrap; see docs/sandbox.md. */
export class BubblewrapBackend implements Backend {
  readonly name = "bubblewrap";
  readonly #options: BubblewrapOptions;
  readonly #shell: HostShell;

  constructor(options: BubblewrapOptions) {
    this.#options = options;
    this.#shell = options.hostShell ?? systemShell(options.shell);
  }

  async available(): Promise<Availability> {
    if (Deno.build.os !== "linux") return { ok: false, reason: "bubblewrap runs on Linux only" };
    if (this.#architecture() === null) {
      return { ok: false, reason: `no seccomp program for ${Deno.build.arch}` };
    }
    const bwrap = this.#findBwrap();
    if (typeof bwrap !== "string") return { ok: false, ...bwrap };
    const version = (await this.#shell(`"$1" --version`, bwrap)).stdout.trim().split(" ")[1];
    const found = version === undefined ? {} : { version };
    if (this.#uid() === 0 && !isExecutable("/usr/bin/setpriv")) {
      return {
        ok: false,
        ...found,
        reason: "setpriv is missing",
        mend: "apt-get install util-linux",
      };
    }
    const tried = await this.#shell(TRY_SCRIPT, bwrap);
    if (tried.code === 0) return { ok: true, ...found };
    return { ok: false, ...found, ...mending(tried.stderr.trim()) };
  }

  capabilities(): Capabilities {
    const root = this.#uid() === 0; // an ordinary user's depend on what was delegated: not promised
    return { snapshotWhileRunning: true, memoryLimit: root, pidsLimit: true, cpuLimit: root };
  }

  async launch(plan: BottlePlan): Promise<RunningBottle> {
    const { bwrap, architecture } = await this.#tools("start the bottle");
    const running = await this.#record(plan.slug);
    if (running !== null && await this.#isAlive(running)) {
      throw new BottleError(
        `Cannot start bottle "${plan.slug}": process ${running.host.pid} runs it`,
        {
          code: "bottle_running",
          exit: ExitCode.cannotStart,
          hint: "choose another label, or end that one first",
        },
      );
    }
    const { home, operatorHome, hostAddresses, hasTerminal, grace, freeFloorBytes } = this.#options;
    const context: LaunchContext = {
      bwrap,
      architecture,
      shell: this.#options.shell ?? "/bin/sh",
      hostShell: this.#shell,
      uid: this.#uid(),
      home,
      operatorHome: operatorHome ?? join(home, ".."),
      hostAddresses,
      hasTerminal: hasTerminal ?? (() => Deno.stdin.isTerminal() && Deno.stdout.isTerminal()),
      grace: grace ?? GRACE,
      freeFloorBytes: freeFloorBytes ?? FREE_FLOOR_BYTES,
    };
    return new BubblewrapBottle(await prepareBottle(plan, context));
  }

  async snapshot(request: SnapshotRequest): Promise<SnapshotReport> {
    const { bwrap, architecture } = await this.#tools("copy the bottle's files");
    const { freeFloorBytes, copyPatience } = this.#options;
    const { copyFiles } = await import("./copy_files.ts"); // no start needs it
    return await copyFiles(request, {
      bwrap,
      hostShell: this.#shell,
      agentUid: this.#uid() === 0 ? agentHostUid(request.slug) : null,
      seccomp: seccompProgram(architecture),
      bounds: {
        freeFloorBytes: freeFloorBytes ?? FREE_FLOOR_BYTES,
        patience: copyPatience ?? COPY_PATIENCE,
      },
    });
  }

  /** Here a snapshot is what it is a copy of. */
  restore(request: SnapshotRequest): Promise<SnapshotReport> {
    return this.snapshot(request);
  }

  async enumerate(): Promise<FoundBottle[]> {
    const found: FoundBottle[] = [];
    for (const record of await this.#records()) {
      const running = await this.#isAlive(record);
      const { slug, host } = record;
      found.push({ backend: this.name, slug, running, ...(running ? { pid: host.pid } : {}) });
    }
    return found;
  }

  async leftovers(): Promise<Leftover[]> {
    const left: Leftover[] = [];
    const alive = new Set<string>();
    for (const record of await this.#records()) {
      if (await this.#isAlive(record)) alive.add(record.slug);
      else {
        const what = `run record of process ${record.host.pid}, which is gone`;
        left.push({ backend: this.name, slug: record.slug, what });
      }
    }
    for (const { folder, slug } of await this.#cgroups()) {
      if (!alive.has(slug)) left.push({ backend: this.name, slug, what: `cgroup ${folder}` });
    }
    return left;
  }

  async remove(item: Leftover): Promise<void> {
    const record = await this.#record(item.slug);
    if (record !== null && await this.#isAlive(record)) return; // resumed meanwhile
    if (!isSlug(item.slug)) return;
    const folders = (await this.#cgroups()).filter(({ slug }) => slug === item.slug)
      .map(({ folder }) => folder);
    if (!await removeCgroups(this.#shell, folders)) {
      throw new BottleError(`Cannot remove cgroups of bottle "${item.slug}"`, {
        code: "cleanup_failed",
        hint: "a process in it cannot be killed; try again as the user who started it",
      });
    }
    const state = join(this.#options.home, "state", item.slug);
    await Deno.remove(join(state, "walls"), { recursive: true }).catch(() => {});
    await Deno.remove(join(state, "run.json")).catch(() => {});
  }

  /** What walls are made with. @throws BottleError `backend_unavailable`. */
  async #tools(what: string): Promise<{ bwrap: string; architecture: Architecture }> {
    const architecture = this.#architecture();
    const bwrap = this.#findBwrap();
    if (architecture !== null && typeof bwrap === "string") return { bwrap, architecture };
    const { reason, mend } = await this.available();
    throw new BottleError(`Cannot ${what}: ${reason ?? "bubblewrap is not available"}`, {
      code: "backend_unavailable",
      exit: ExitCode.cannotStart,
      ...(mend === undefined ? {} : { hint: mend }),
    });
  }

  #uid(): number {
    return this.#options.uid ?? Deno.uid() ?? 0;
  }

  #architecture(): Architecture | null {
    return this.#options.architecture ?? ARCHITECTURES[Deno.build.arch] ?? null;
  }

  /** bwrap's path, or why it is not trusted. */
  #findBwrap(): string | { reason: string; mend: string } {
    const given = this.#options.bwrap;
    const path = given ??
      SYSTEM_PATH.split(":").map((folder) => `${folder}/bwrap`).find(isExecutable);
    if (path === undefined || !path.startsWith("/") || !isExecutable(path)) {
      return { reason: "bwrap is not installed", mend: INSTALL };
    }
    const { mode, uid } = Deno.statSync(path);
    if (((mode ?? 0) & 0o6000) !== 0) {
      return { reason: `${path} is setuid (CVE-2026-41163)`, mend: `chmod u-s,g-s ${path}` };
    }
    if (((mode ?? 0) & 0o022) !== 0 || (uid !== 0 && uid !== this.#uid())) {
      return {
        reason: `${path} can be replaced by other users`,
        mend: `chown root:root ${path} && chmod 755 ${path}`,
      };
    }
    return path;
  }

  async #record(slug: string): Promise<RunRecord | null> {
    try {
      const path = join(this.#options.home, "state", slug, "run.json");
      return parseRunRecord(await Deno.readTextFile(path));
    } catch {
      return null;
    }
  }

  async #records(): Promise<RunRecord[]> {
    const records: RunRecord[] = [];
    try {
      for await (const { name } of Deno.readDir(join(this.#options.home, "state"))) {
        const record = await this.#record(name);
        if (record !== null && record.slug === name) records.push(record);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return records;
  }

  async #isAlive({ host }: RunRecord): Promise<boolean> {
    const { stdout } = await this.#shell(ALIVE_SCRIPT, String(host.pid));
    const now = parseProcessStat(stdout.trim());
    return now !== null && now.pid === host.pid && now.start === host.start;
  }

  /** The cgroups of this folder's bottles; another folder's are none of our business. */
  async #cgroups(): Promise<{ folder: string; slug: string }[]> {
    const { stdout } = await this.#shell(CGROUPS_SCRIPT);
    return stdout.split("\n").flatMap((folder) => {
      const slug = slugOfCgroup(this.#options.home, folder);
      return slug === null ? [] : [{ folder, slug }];
    });
  }
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: "x86_64",
  aarch64: "aarch64",
};

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** What mends a refusal to make namespaces. */
function mending(problem: string): { reason: string; mend?: string } {
  const reason = problem === "" ? "bwrap cannot make namespaces here" : problem;
  if (/apparmor|Permission denied|Operation not permitted|No permissions/i.test(problem)) {
    return {
      reason,
      mend:
        "sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0" +
        "   # whichever exists; or allow bwrap in an AppArmor profile",
    };
  }
  return { reason };
}
