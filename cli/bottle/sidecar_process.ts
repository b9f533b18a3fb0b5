import { BottleError, ExitCode } from "../../core/errors.ts";
import { printable } from "../../sys/log.ts";
import { type ServiceProcess, startService } from "../../sys/service_process.ts";
import type { Installation } from "../context.ts";

/** What one sidecar process is started with. */
export interface SidecarOptions {
  readonly installation: Installation;
  /** The contract directory. */
  readonly contract: string;
  readonly sockets: string;
  /** Further files that the sidecar may read. */
  readonly readable: readonly string[];
  /** Programs that the sidecar may run, by absolute path. */
  readonly programs: readonly string[];
  /** Whether the sidecar makes deploy keys, which it revokes when it ends. */
  readonly makesKeys: boolean;
  /** Tokens and the canary; nothing else of the host's environment reaches the sidecar. */
  readonly env: Readonly<Record<string, string>>;
  readonly onStderr: (line: string) => void;
}

/** A sidecar that serves one bottle. */
export interface Sidecar extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it serves. @throws BottleError `sidecar_failed` when it ends before. */
  readonly ready: Promise<void>;
  isReady(): boolean;
  readonly ended: ServiceProcess["ended"];
}

/** Longest drain that is waited for, in milliseconds, before the sidecar is told to go. */
const DRAIN = 6000;
/** And with deploy keys, which forges have 30 s to revoke. */
const DRAIN_WITH_KEYS = 40_000;

/** Deno's arguments up to the program's own: the sidecar's permission set, and the folders it may touch. */
export function sidecarArgs(
  { config, dist }: Installation,
  read: readonly string[],
  write: readonly string[],
  programs: readonly string[] = [],
): string[] {
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-lock",
    "--config",
    config,
    "-P=sidecar",
    `--v8-flags=${SIDECAR_V8_FLAGS.join(",")}`,
    `--allow-read=${pathList([...read, dist, ...SYSTEM_FILES])}`,
    ...(write.length === 0 ? [] : [`--allow-write=${pathList(write)}`]),
    ...(programs.length === 0 ? ["--deny-run"] : [`--allow-run=${pathList(programs)}`]),
    `${dist}/bot-bottle-sidecar.js`,
  ];
}

/** Paths as Deno's flags take them. Throws BottleError `comma` for one that the flag would split in two. */
function pathList(paths: readonly string[]): string {
  const split = paths.find((path) => path.includes(","));
  if (split === undefined) return paths.join(",");
  throw new BottleError(`Cannot use ${split}: its name holds a comma`, {
    code: "comma",
    exit: ExitCode.usage,
    hint: "rename it, or use another folder",
  });
}

/** What Deno itself needs of an environment that is otherwise empty: where its compiled code is kept. */
export function denoEnvironment(home: string): Record<string, string> {
  return { DENO_DIR: `${home}/deno`, NO_COLOR: "1", ...MEMORY_ENVIRONMENT };
}

/**
 * glibc gives large bodies back as soon as they are freed, instead of keeping room for the next one (mallopt(3)): it
 * would raise these bounds by itself. Other C libraries do not read them.
 */
export const MEMORY_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
};

/**
 * Rules in linear time, and a small young generation that is collected early: a proxy's buffers die young, and
 * waiting for them costs memory (docs/performance.md: a peak of 161 MB instead of 323).
 */
export const SIDECAR_V8_FLAGS: readonly string[] = [
  "--enable-experimental-regexp-engine",
  "--max-semi-space-size=1",
  "--min-semi-space-size=1",
  "--minor-gc-task-trigger=20",
  "--expose-gc", // what a large body was decoded to is collected as soon as it was looked at
];

/** What name resolution reads. */
const SYSTEM_FILES = ["/etc/resolv.conf", "/etc/hosts"];

/** Starts a sidecar; stdin is its lifeline, so it ends with this process however that ends. */
export function startSidecar(options: SidecarOptions): Sidecar {
  const { installation, contract, sockets } = options;
  const folders = [contract, sockets];
  const serving = Promise.withResolvers<void>();
  let isServing = false;
  let stopped: Promise<void> | undefined;
  const service = startService({
    program: installation.deno,
    args: [
      ...sidecarArgs(
        installation,
        [...folders, ...options.readable, ...options.programs],
        folders,
        options.programs,
      ),
      "serve",
      "--dir",
      contract,
    ],
    env: options.env,
    cwd: contract,
    onStdout: (line) => {
      if (!isReady(line)) return;
      isServing = true;
      serving.resolve();
    },
    onStderr: options.onStderr,
  });
  const ready = Promise.race([serving.promise, endedEarly(service)]);
  ready.catch(() => undefined); // its user sees the failure
  return {
    pid: service.pid,
    ready,
    isReady: () => isServing,
    ended: service.ended,
    [Symbol.asyncDispose]: () =>
      stopped ??= service.stop(options.makesKeys ? DRAIN_WITH_KEYS : DRAIN),
  };
}

async function endedEarly(service: ServiceProcess): Promise<never> {
  const { code, signal } = await service.ended;
  const { reason, hint } = lastWords(service.stderrTail());
  throw new BottleError(
    reason === undefined
      ? `Cannot start the sidecar: it ended with ${signal ?? code}`
      : `Cannot start the sidecar: ${printable(reason)}`,
    {
      code: "sidecar_failed",
      exit: ExitCode.cannotStart,
      hint: hint === undefined ? "BOT_BOTTLE_LOG_LEVEL=debug shows what it said" : printable(hint),
    },
  );
}

/** What a sidecar that fails says last: its error, and perhaps what to do. */
function lastWords(stderr: string): { reason?: string; hint?: string } {
  const lines = stderr.trim().split("\n").filter((line) => line !== "");
  const last = lines.at(-1)?.replace(/^bot-bottle: /, "");
  if (last === undefined) return {};
  if (!last.startsWith("hint: ")) return { reason: last };
  const reason = lines.at(-2)?.replace(/^bot-bottle: /, "");
  return { hint: last.slice("hint: ".length), ...(reason === undefined ? {} : { reason }) };
}

function isReady(line: string): boolean {
  try {
    return (JSON.parse(line) as { event?: unknown } | null)?.event === "ready";
  } catch {
    return false; // not for us
  }
}
