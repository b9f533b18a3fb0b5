import { onSignals } from "../sys/signals.ts";
import type { Host } from "./context.ts";

/**
 * Runs the operator's editor on a file and gives its exit code. The command is the shell's, as git takes it:
 * `VISUAL`, else `EDITOR`, else vi, with whatever arguments stand in it.
 */
export async function editInTerminal(host: Pick<Host, "env">, path: string): Promise<number> {
  const named = [host.env("VISUAL"), host.env("EDITOR")].find((name) => (name ?? "").trim() !== "");
  const editor = named ?? "vi";
  const child = new Deno.Command("/bin/sh", {
    // stdout is for results; the terminal is stderr.
    // The shell outlives a Ctrl-C, too, and gives the code that the editor ended with.
    args: ["-c", `trap : INT QUIT; ${editor} "$1" 1>&2`, editor, path],
    stdin: "inherit",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  // Ctrl-C on the editor's terminal is the editor's: without this it would end us, and leave the editor behind.
  using _interrupts = onSignals(["SIGINT", "SIGQUIT"], () => {});
  using _signals = onSignals(["SIGTERM", "SIGHUP"], () => {
    try {
      child.kill("SIGTERM");
    } catch { /* it has ended */ }
  });
  return (await child.status).code;
}

/** Milliseconds after which a draft is of a desk that was killed. */
const FORGOTTEN = 24 * 60 * 60 * 1000;

/** The folder for files that are being edited, free of what a killed desk left. */
export function draftFolder(home: string, now: Date): string {
  const folder = `${home}/edit`;
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name } of Deno.readDirSync(folder)) {
    const { mtime } = Deno.lstatSync(`${folder}/${name}`);
    if (mtime !== null && now.getTime() - mtime.getTime() > FORGOTTEN) {
      Deno.removeSync(`${folder}/${name}`, { recursive: true });
    }
  }
  return folder;
}
