import { exitCodeOfSignal, onSignals } from "../../sys/signals.ts";

/** A program that takes this one's place on the terminal. */
export interface ForegroundCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a program on the caller's stdout and stderr until it ends and gives its exit code. Its stdin is a pipe
 * that ends with this process, however that ends.
 */
export async function runForeground(command: ForegroundCommand): Promise<number> {
  const child = new Deno.Command(command.program, {
    args: [...command.args],
    env: { ...command.env },
    clearEnv: true,
    stdin: "piped",
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
  await child.stdin.close().catch(() => undefined);
  return signal === null ? code : exitCodeOfSignal(signal);
}
