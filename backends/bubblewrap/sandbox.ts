import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { messageOf } from "../../core/errors.ts";
import type { ProbeReport } from "../../core/probe.ts";
import { commandScript } from "./arguments.ts";
import { exportScript } from "../environment.ts";
import { userMap } from "./identity.ts";
import type { HostShell } from "./host_shell.ts";
import { SYSTEM_PATH } from "./host_shell.ts";
import { HOST_SCRIPT, VERDICT } from "./scripts.ts";
import { mustBePiped, pipeStandardInput } from "./standard_input.ts";

/** One run of bwrap, everything decided. */
export interface SandboxOrder {
  readonly shell: string;
  readonly bwrap: string;
  readonly arguments: readonly string[];
  readonly seccomp: Uint8Array;
  /** The program that the walls start with, and its arguments. */
  readonly first: readonly string[];
  /** `cgroup.procs` files to enter. */
  readonly enter: readonly string[];
  /** Host uid of the agent when the host is root and writes the user map; null otherwise. */
  readonly hostUid: number | null;
  readonly socketDir: string;
  /** One line of JSON for the relay. */
  readonly relayPlan: string;
  /** Milliseconds that the probe waits for the sidecar, where it is more than usual. */
  readonly sidecarPatience?: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** The caller's terminal and job control, the caller's descriptors in a session of its own, or pipes. */
  readonly mode: "terminal" | "inherit" | "capture";
  readonly stdin?: Uint8Array;
  /** How much of captured output is held, per stream; the rest is dropped. */
  readonly captureBytes?: number;
}

/** How a sandbox ended. */
export interface SandboxEnd {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** Why the command never ran. */
  readonly failed?: string;
}

/** A sandbox that is starting or running. */
export interface Sandbox {
  readonly ended: Promise<SandboxEnd>;
  /** Sends a signal to the command; INT and QUIT go to its process group, as from a terminal (bwrap ignores them). */
  signal(name: "INT" | "QUIT" | "TERM" | "HUP"): Promise<void>;
  /** Ends everything in it at once. */
  kill(): void;
}

/** Bytes of captured output that are held unless the order says otherwise. */
const CAPTURE_BYTES = 64 * 1024 * 1024;
/** Milliseconds from the start of bwrap to the probe's report. */
const START_PATIENCE = 15_000;

/** Signals the first child of a bottle's pid 1: the command. */
const SIGNAL_SCRIPT = `
read -r children < "/proc/$2/task/$2/children"
set -- "$1" $children
[ $# -lt 2 ] || kill -s "$1" "$2"
`;

/** Root's part: the agent's uid, and sockets that only root and that uid can reach. */
const MAP_SCRIPT = `
pid=$1 map=$2 owner=$3 sockets=$4
(
  # The sidecar may still be on its way to listen.
  turn=0
  until [ -S "$sockets/egress.sock" ] || [ "$turn" -gt 500 ]; do
    turn=$((turn + 1))
    sleep 0.005
  done
  chown -h "$owner:$owner" "$sockets"/*.sock
) > /dev/null 2>&1 &
# The map must be one write (user_namespaces(7)); bash's own printf makes one of each line.
put=printf
[ -z "$BASH_VERSION" ] || put='env printf'
$put '%s' "$map" > "/proc/$pid/gid_map" && $put '%s' "$map" > "/proc/$pid/uid_map" || exit 1
`;

function collect(stream: Readable | null, most: number): () => Uint8Array {
  const chunks: Uint8Array[] = [];
  let held = 0;
  stream?.on("data", (chunk: Uint8Array) => {
    const taken = chunk.subarray(0, most - held);
    held += taken.length;
    if (taken.length > 0) chunks.push(taken);
  });
  stream?.on("error", () => {}); // the other end is gone: nothing more comes
  return () => {
    const all = new Uint8Array(held);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  };
}

/**
 * Starts bwrap, waits for the probe inside, asks `admit` about its report, and only then hands over
 * environment and command. `admit` resolves to why the command must not run, or to undefined.
 */
export function startSandbox(
  order: SandboxOrder,
  hostShell: HostShell,
  admit: (report: ProbeReport) => Promise<string | undefined>,
): Sandbox {
  const capture = order.mode === "capture";
  const standard = capture ? "pipe" : "inherit";
  const passInput = order.mode === "inherit" && mustBePiped();
  const command = [order.shell, "-c", HOST_SCRIPT, "bot-bottle"];
  const program = order.mode === "terminal"
    // The shell stays as bwrap's parent, for job control: it must die with us, so that bwrap does.
    ? [order.shell, "-c", DIE_WITH_US, ...command, "terminal"]
    : [...command, "session"];
  const child = spawn(program[0]!, [...program.slice(1), order.bwrap, ...order.first], {
    stdio: [
      capture && order.stdin === undefined ? "ignore" : passInput ? "pipe" : standard,
      standard,
      standard,
      ...Array<"pipe">(6).fill("pipe"),
    ],
    env: {
      PATH: SYSTEM_PATH,
      ENTER_CGROUPS: order.enter.join("\n"),
      AGENT: order.hostUid === null ? "" : String(order.hostUid),
    },
    detached: order.mode !== "terminal",
  });
  const stdout = collect(capture ? child.stdout : null, order.captureBytes ?? CAPTURE_BYTES);
  const stderr = collect(capture ? child.stderr : null, CAPTURE_BYTES);
  const [, , , bwrapArguments, seccomp, report, verdict, info, proceed] = child
    .stdio as unknown as [
      unknown,
      unknown,
      unknown,
      Writable,
      Writable,
      Readable,
      Writable,
      Readable,
      Writable,
    ];
  // A sandbox that fails early closes its ends: writing to them is then no error of its own.
  for (const pipe of [bwrapArguments, seccomp, verdict, proceed, child.stdin]) {
    pipe?.on("error", () => {});
  }
  bwrapArguments.end(order.arguments.join("\0") + "\0");
  seccomp.end(order.seccomp);
  verdict.write(order.relayPlan + "\n");
  if (order.stdin !== undefined) child.stdin?.end(order.stdin);
  if (passInput) void pipeStandardInput(child.stdin!);

  let failed: string | undefined;
  let started = false;
  let pidOne: number | undefined;
  const fail = (reason: string) => {
    failed ??= reason;
    kill();
  };
  const kill = () => {
    const killChild = () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It ended between two turns.
      }
    };
    if (order.mode !== "terminal" || pidOne === undefined) return killChild();
    // The shell must live to take the terminal back: the bottle's pid 1 dies, and everything in it. bwrap
    // must not wait for the user map any longer.
    proceed.end();
    void hostShell(`kill -s KILL "$1"`, String(pidOne)).then(({ code }) => {
      if (code !== 0) killChild();
    });
  };
  const patience = START_PATIENCE + (order.sidecarPatience ?? 0);
  const late = setTimeout(
    () => fail(`no report from the probe within ${patience / 1000} seconds`),
    patience,
  );

  let told = "";
  info.on("error", () => {});
  info.on("data", (chunk: Uint8Array) => {
    if (told.length < 16_384) told += new TextDecoder().decode(chunk);
    if (pidOne === undefined) {
      const pid = /"child-pid": (\d+)/.exec(told)?.[1];
      if (pid !== undefined) {
        pidOne = Number(pid);
        if (order.hostUid !== null) void mapUsers(pidOne, order.hostUid);
      }
    } else if (
      started && order.mode === "terminal" && new TextDecoder().decode(chunk).includes("stopped")
    ) {
      // Job control stopped us with the bottle. When this runs, somebody has continued us.
      setTimeout(() => proceed.write("go on\n"), 50);
    }
  });
  const mapUsers = async (pid: number, hostUid: number) => {
    const result = await hostShell(
      MAP_SCRIPT,
      String(pid),
      userMap(hostUid),
      String(hostUid),
      order.socketDir,
    );
    if (result.code === 0) proceed.write("1");
    else fail(`cannot write the user map: ${result.stderr.trim()}`);
  };

  let reported = "";
  let judged = false;
  report.on("error", () => {});
  report.on("end", () => {
    if (!started) fail("the relay ended without a report");
  });
  report.on("data", (chunk: Uint8Array) => {
    reported += new TextDecoder().decode(chunk);
    const end = reported.indexOf("\n");
    if (judged || failed !== undefined || end < 0) return;
    judged = true;
    void judge(reported.slice(0, end)).then((why) => {
      if (why !== undefined) return fail(why);
      if (failed !== undefined) return;
      started = true;
      clearTimeout(late);
      verdict.end(exportScript(order.environment) + commandScript(order.argv) + VERDICT);
    });
  });
  const judge = async (text: string): Promise<string | undefined> => {
    let report: ProbeReport;
    try {
      report = JSON.parse(text) as ProbeReport;
    } catch (error) {
      return `the probe's report cannot be used: ${messageOf(error)}`;
    }
    return await admit(report).catch(messageOf);
  };

  const ended = new Promise<SandboxEnd>((resolve) => {
    const finish = (code: number) => {
      clearTimeout(late);
      for (const pipe of [bwrapArguments, seccomp, report, verdict, info, proceed]) pipe.destroy();
      if (!started) failed = bwrapError(told) ?? failed ?? `bwrap ended with ${code}`;
      resolve({
        code,
        stdout: stdout(),
        stderr: stderr(),
        ...(failed === undefined ? {} : { failed }),
      });
    };
    child.on("error", (error: Error) => {
      failed ??= messageOf(error);
      finish(125);
    });
    // "close" waits for captured output to its end; extra pipes may be held open by nobody but the bottle.
    child.on("exit", (code: number | null, signal: string | null) => {
      const status = code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0);
      if (!capture) return finish(status);
      let open = 2;
      const one = () => --open === 0 && finish(status);
      for (const stream of [child.stdout!, child.stderr!]) {
        if (stream.readableEnded || stream.destroyed) one();
        else stream.once("close", one);
      }
    });
  });
  return {
    ended,
    kill,
    async signal(name) {
      if (pidOne === undefined || child.pid === undefined) return;
      const group = order.mode !== "terminal" && (name === "INT" || name === "QUIT");
      if (group) await hostShell(`kill -s "$1" -- "-$2"`, name, String(child.pid));
      else await hostShell(SIGNAL_SCRIPT, name, String(pidOne));
    },
  };
}

const DIE_WITH_US = `exec setpriv --pdeathsig KILL -- "$0" "$@"`;

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** bwrap's own message in what it wrote beside its JSON. */
function bwrapError(told: string): string | undefined {
  const lines = told.split("\n").filter((line) => line.startsWith("bwrap: "));
  return lines.length === 0 ? undefined : lines.join("; ").slice(0, 1000);
}
