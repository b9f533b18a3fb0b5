/** How a small shell program on the host ended. */
export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a constant shell program on the host; values are passed as arguments only. */
export type HostShell = (script: string, ...args: string[]) => Promise<ShellResult>;

/** A host shell that is `/bin/sh`, with nothing of our environment but a system PATH. */
export function systemShell(shell = "/bin/sh"): HostShell {
  return async (script, ...args) => {
    const { code, stdout, stderr } = await new Deno.Command(shell, {
      args: ["-c", script, "bot-bottle", ...args],
      clearEnv: true,
      env: { PATH: SYSTEM_PATH, LC_ALL: "C" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  };
}

/** Where the system's own programs are; a caller's PATH is never searched. */
export const SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
