import { exitCodeOfSignal, onSignals } from "../../sys/signals.ts";

/** A program that takes this one's place on the terminal. */
export interface ForegroundCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

// Where the kernel offers it, the program is told to go when this process dies without a word (PR_SET_PDEATHSIG).
const DIE_WITH_US = `PATH=/usr/bin:/bin
if command -v setpriv >/dev/null; then exec setpriv --pdeathsig TERM -- "$0" "$@"; fi
exec "$0" "$@"`;

/** Runs a program on the caller's stdout and stderr until it ends and gives its exit code. */
export async function runForeground(command: ForegroundCommand): Promise<number> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", DIE_WITH_US, command.program, ...command.args],
    env: { ...command.env },
    clearEnv: true,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  // Ctrl-C reaches the child by itself; the other signals are meant for it.
  using _signals = onSignals(["SIGINT", "SIGTERM", "SIGHUP"], (name) => {
    if (name === "SIGINT") return;
    try {
      child.kill(name);
    } catch { /* it has ended */ }
  });
  const { code, signal } = await child.status;
  return signal === null ? code : exitCodeOfSignal(signal);
}
