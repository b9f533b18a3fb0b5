import type { ProbeReport } from "../core/probe.ts";

/** A host folder that is seen read-only in the bottle. */
export interface ReadOnlyMount {
  readonly from: string;
  readonly to: string;
}

/** Limits of one bottle; absent means the backend's default. */
export interface ResourceLimits {
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
  readonly diskBytes?: number;
}

/** Everything a backend needs to build the walls of one bottle. Values of `env` never reach an argument list. */
export interface BottlePlan {
  readonly slug: string;
  /** `state/<slug>` on the host: the backend keeps `home/` and `workspace/` in it. */
  readonly stateDir: string;
  /** Folder on the host that holds the sidecar's sockets (`egress.sock`), 0700. */
  readonly socketDir: string;
  /** PEM of the bottle's own CA: the only trust root in the bottle. */
  readonly caPem: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly ReadOnlyMount[];
  /** Folder of the host with the agent CLI, seen read-only at `BottlePath.toolchain`. */
  readonly toolchain?: string;
  /** Text files by name, seen read-only in `BottlePath.agentFiles`. */
  readonly agentFiles?: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  /** What the sidecar serves besides the proxy. */
  readonly services: readonly ("git-gate" | "supervise")[];
  /** Milliseconds that the sidecar has to open its sockets, where it has more to do than to listen. */
  readonly sidecarPatience?: number;
  /** Lines for the bottle's git configuration. */
  readonly gitConfig: string;
  /** Programs of bot-bottle itself that run in the bottle. */
  readonly relay: { readonly deno: string; readonly script: string };
}

/** How a command is run in a bottle. */
export interface ExecOptions {
  /** Whether stdin, stdout and stderr are the caller's own (true), or pipes and captured text (false). */
  readonly inherit: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command: SIGTERM, then SIGKILL after a grace period. */
  readonly signal?: AbortSignal;
}

/** How a command ended. `stdout` and `stderr` are empty when they were inherited. */
export interface ExecResult {
  /** As a shell reports it: 128 plus the number of the signal that ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Why the backend itself ended the command, when it did. */
  readonly ended?: "aborted" | "disk limit" | "could not start";
  readonly reason?: string;
}

/** Sees the probe's report. */
export type OnProbe = (report: ProbeReport) => void | Promise<void>;

/** A bottle whose walls stand. Disposal stops it and removes whatever launch created, but not `home/` and `workspace/`. */
export interface RunningBottle extends AsyncDisposable {
  readonly slug: string;
  /**
   * Runs the bottle's main command. The probe runs first, inside the same walls;
   * `onProbe` sees its report before the command's first instruction, which waits until it resolves;
   * when it rejects, the command does not run.
   */
  attach(
    argv: readonly string[],
    options: ExecOptions,
    onProbe?: OnProbe,
  ): Promise<ExecResult>;
  /** Runs a further command beside it, with the same files and the same way out. */
  exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  copyIn(hostPath: string, bottlePath: string): Promise<void>;
  copyOut(bottlePath: string, hostPath: string): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** A bottle found on the machine, whoever started it. */
export interface FoundBottle {
  readonly backend: string;
  readonly slug: string;
  readonly pid?: number;
  readonly running: boolean;
}

/** Something a dead bottle left behind. */
export interface Leftover {
  readonly backend: string;
  readonly slug: string;
  /** For people: "cgroup /sys/fs/…", "process 1234 (bwrap)". */
  readonly what: string;
}

/** Whether a backend works here, and what mends it. */
export interface Availability {
  readonly ok: boolean;
  readonly version?: string;
  readonly reason?: string;
  /** The exact command that mends it. */
  readonly mend?: string;
}

/** A copy of a bottle's files that is made while it runs, or brought back. */
export interface SnapshotRequest {
  readonly slug: string;
  /** Folder with `home/` and `workspace/`: `state/<slug>`, or what a snapshot stands in. */
  readonly from: string;
  /** Empty folder on the host, 0700; gets `home/` and `workspace/`. After a failure a part may stand in it. */
  readonly to: string;
  /** Names at the top of the home that are not copied: letters, digits, dots, hyphens and underscores. */
  readonly leaveOut: readonly string[];
  readonly signal?: AbortSignal;
  /** Sees every second or so how many bytes there are. */
  readonly onProgress?: (bytes: number) => void;
}

/** What was copied. */
export interface SnapshotReport {
  /** Files, folders and links. */
  readonly entries: number;
  /** On the disk; holes take none. */
  readonly bytes: number;
  /** Files that were written, moved or removed meanwhile; they may be half-written in the copy. */
  readonly changed: number;
  /** Entries that were left out because they cannot be opened: their path is too long, or nobody may read them. */
  readonly unopened: number;
}

/** What a backend can do; data, so that callers choose without knowing which one runs. */
export interface Capabilities {
  readonly snapshotWhileRunning: boolean;
  readonly memoryLimit: boolean;
  readonly pidsLimit: boolean;
  readonly cpuLimit: boolean;
}

/** One way to give a bottle its walls. */
export interface Backend {
  readonly name: string;
  available(): Promise<Availability>;
  capabilities(): Capabilities;
  launch(plan: BottlePlan): Promise<RunningBottle>;
  /**
   * Copies a bottle's files, also while it runs, without stopping it; where `snapshotWhileRunning` says so.
   *
   * @throws BottleError `snapshot_failed`, `interrupted`.
   */
  snapshot(request: SnapshotRequest): Promise<SnapshotReport>;
  /** Brings a snapshot's files back into an empty folder. Throws as {@linkcode Backend.snapshot}. */
  restore(request: SnapshotRequest): Promise<SnapshotReport>;
  enumerate(): Promise<FoundBottle[]>;
  leftovers(): Promise<Leftover[]>;
  remove(item: Leftover): Promise<void>;
}
