import { basename, dirname, join, resolve } from "node:path";
import { BottleError, ExitCode } from "../../core/errors.ts";
import type { ProbeReport } from "../../core/probe.ts";
import type { BottlePlan, ExecOptions, ExecResult, OnProbe, RunningBottle } from "../backend.ts";
import { BottlePath } from "../bottle_paths.ts";
import { watchDisk } from "./disk_watch.ts";
import { packArchive, unpackArchive } from "./archive.ts";
import type { HostShell } from "./host_shell.ts";
import { type Sandbox, type SandboxEnd, type SandboxOrder, startSandbox } from "./sandbox.ts";

/** The largest archive that copyOut takes. */
const ARCHIVE_BYTES = 1024 ** 3;

/** What launch prepared, shared by every command of the bottle. */
export interface PreparedBottle {
  readonly plan: BottlePlan;
  readonly hostShell: HostShell;
  /** An order for one command; `cwd` is checked already. */
  readonly order: (
    argv: readonly string[],
    cwd: string,
    extra: Readonly<Record<string, string>>,
    mode: SandboxOrder["mode"],
  ) => SandboxOrder;
  /** The agent's host uid when the host is root, else null. */
  readonly agentUid: number | null;
  readonly writableFolders: readonly string[];
  readonly diskBytes: number;
  readonly freeFloorBytes: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  readonly hasTerminal: () => boolean;
  /** Removes what launch made. */
  readonly dispose: () => Promise<void>;
}

/** A bottle on bubblewrap: each command gets walls of its own around the same home and workspace. */
export class BubblewrapBottle implements RunningBottle {
  readonly slug: string;
  readonly #prepared: PreparedBottle;
  readonly #running = new Map<Sandbox, (ended: "aborted" | "disk limit", reason: string) => void>();
  #watch: Disposable | undefined;
  #disposed = false;

  constructor(prepared: PreparedBottle) {
    this.#prepared = prepared;
    this.slug = prepared.plan.slug;
  }

  attach(
    argv: readonly string[],
    options: ExecOptions,
    onProbe?: OnProbe,
  ): Promise<ExecResult> {
    return this.#run(argv, options, onProbe);
  }

  exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    return this.#run(argv, options);
  }

  async #run(
    argv: readonly string[],
    options: ExecOptions,
    onProbe?: OnProbe,
  ): Promise<ExecResult> {
    const decoder = new TextDecoder();
    const { stdout, stderr, ...rest } = await this.#runBytes(argv, options, onProbe);
    return { ...rest, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async #runBytes(
    argv: readonly string[],
    options: ExecOptions,
    onProbe?: OnProbe,
    stdin?: Uint8Array,
    captureBytes?: number,
  ): Promise<Omit<ExecResult, "stdout" | "stderr"> & { stdout: Uint8Array; stderr: Uint8Array }> {
    if (this.#disposed) throw ended(this.slug);
    if (argv.length === 0 || argv.some((word) => word.includes("\0"))) {
      throw new BottleError("Cannot run an empty command, or one with a NUL", {
        code: "bad_command",
        exit: ExitCode.usage,
      });
    }
    const { order, hostShell, hasTerminal, grace } = this.#prepared;
    const mode = !options.inherit ? "capture" : hasTerminal() ? "terminal" : "inherit";
    const cwd = options.cwd ?? BottlePath.workspace;
    const whole = {
      ...order(argv, cwd, options.env ?? {}, mode),
      ...(stdin === undefined ? {} : { stdin }),
      ...(captureBytes === undefined ? {} : { captureBytes }),
    };
    const sandbox = startSandbox(whole, hostShell, async (report) => {
      await onProbe?.(report);
      return report.ok ? undefined : finding(report);
    });
    let cause: { ended: "aborted" | "disk limit"; reason: string } | undefined;
    let killTimer: ReturnType<typeof setTimeout> | undefined;
    const end = (why: "aborted" | "disk limit", reason: string) => {
      if (cause !== undefined) return;
      cause = { ended: why, reason };
      if (why === "disk limit") return sandbox.kill();
      void sandbox.signal("TERM");
      killTimer = setTimeout(() => sandbox.kill(), grace);
    };
    this.#running.set(sandbox, end);
    this.#watch ??= watchDisk(
      hostShell,
      this.#prepared.writableFolders,
      this.#prepared.diskBytes,
      this.#prepared.freeFloorBytes,
      (reason) => this.#endAll("disk limit", reason),
    );
    const abort = () => end("aborted", "the caller ended it");
    options.signal?.addEventListener("abort", abort);
    if (options.signal?.aborted) abort();
    const release = options.inherit ? passSignals(sandbox) : () => {};
    let result: SandboxEnd;
    try {
      result = await sandbox.ended;
    } finally {
      clearTimeout(killTimer);
      release();
      options.signal?.removeEventListener("abort", abort);
      this.#running.delete(sandbox);
      if (this.#running.size === 0) {
        this.#watch?.[Symbol.dispose]();
        this.#watch = undefined;
      }
    }
    const { stdout, stderr, code, failed } = result;
    if (cause !== undefined) return { code, stdout, stderr, ...cause };
    if (failed === undefined) return { code, stdout, stderr };
    return { code: ExitCode.cannotStart, stdout, stderr, ended: "could not start", reason: failed };
  }

  #endAll(why: "aborted" | "disk limit", reason: string): void {
    for (const end of this.#running.values()) end(why, reason);
  }

  /**
   * Copies a host file or folder into the bottle. Everything on the bottle's side happens inside its walls,
   * so that a symbolic link that the agent left there leads nowhere else.
   */
  async copyIn(hostPath: string, bottlePath: string): Promise<void> {
    const source = resolve(hostPath);
    const archive = await packArchive(source);
    const script = `mkdir -p -- "$2" && cd -- "$2" && tar -xf - --no-same-owner && ` +
      `{ [ "$1" = "$3" ] || { rm -rf -- "./$3" && mv -T -- "./$1" "./$3"; }; }`;
    const { code, stderr, reason } = await this.#runBytes(
      [
        "/bin/sh",
        "-c",
        script,
        "copy",
        basename(source),
        dirname(bottlePath),
        basename(bottlePath),
      ],
      { inherit: false, cwd: "/" },
      undefined,
      archive,
    );
    if (code !== 0) {
      throw copyFailed(hostPath, bottlePath, reason ?? new TextDecoder().decode(stderr));
    }
  }

  /**
   * Copies a file or folder of the bottle to the host. The archive is made inside the walls; a symbolic link
   * at its top is refused, because whoever opens the copy would follow it.
   */
  async copyOut(bottlePath: string, hostPath: string): Promise<void> {
    const target = resolve(hostPath);
    const name = basename(bottlePath);
    if (/^\.{0,2}$/.test(name)) throw copyFailed(bottlePath, hostPath, "the source has no name");
    const { code, stdout, stderr, reason } = await this.#runBytes(
      ["/bin/tar", "-cf", "-", "-C", dirname(bottlePath), "--", name],
      { inherit: false, cwd: "/" },
      undefined,
      undefined,
      ARCHIVE_BYTES,
    );
    if (code !== 0) {
      throw copyFailed(bottlePath, hostPath, reason ?? new TextDecoder().decode(stderr));
    }
    const folder = await Deno.makeTempDir({ dir: dirname(target), prefix: ".bot-bottle-" });
    try {
      await unpackArchive(stdout, folder, this.#prepared.agentUid);
      if ((await Deno.lstat(join(folder, name))).isSymlink) {
        throw copyFailed(bottlePath, hostPath, "the source is a symbolic link");
      }
      await Deno.rename(join(folder, name), target);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  async stop(): Promise<void> {
    const all = [...this.#running.keys()].map((sandbox) => sandbox.ended);
    this.#endAll("aborted", "the bottle was stopped");
    await Promise.all(all);
  }

  async kill(): Promise<void> {
    const all = [...this.#running.keys()];
    for (const sandbox of all) sandbox.kill();
    await Promise.all(all.map((sandbox) => sandbox.ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.stop();
    await this.#prepared.dispose();
  }
}

/**
 * Ctrl-C and its kind belong to the command: they are passed on to it and do not end us before it ended.
 * (In a terminal the bottle's own process group gets them; what arrives here was sent to us alone.)
 */
function passSignals(sandbox: Sandbox): () => void {
  const pass = (["INT", "QUIT"] as const).map((name) => {
    const listener = () => void sandbox.signal(name);
    Deno.addSignalListener(`SIG${name}`, listener);
    return () => Deno.removeSignalListener(`SIG${name}`, listener);
  });
  return () => pass.forEach((release) => release());
}

function finding(report: ProbeReport): string {
  const wrong = report.checks.filter(({ expected, found }) => expected !== found)
    .map(({ what, found }) => `${what} is ${found}`);
  return `the walls leak: ${wrong.join(", ") || "the probe gave no reason"}`;
}

function ended(slug: string): BottleError {
  return new BottleError(`Cannot run a command in bottle "${slug}": it has ended`, {
    code: "bottle_ended",
  });
}

function copyFailed(from: string, to: string, why: string): BottleError {
  return new BottleError(`Cannot copy "${from}" to "${to}": ${why.trim()}`, {
    code: "copy_failed",
  });
}
