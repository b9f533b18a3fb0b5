import { basename, dirname, join } from "node:path/posix";
import { BottleError } from "../../core/errors.ts";
import { printable, printableLine } from "../../core/printable.ts";
import type { SessionFile } from "./find_sessions.ts";

/** Bytes of a session that are read; of a longer one, the end. */
export const MOST_BYTES = 64 << 20;

/**
 * Opens a file of a folder that somebody hostile is writing to meanwhile. Once the shell has entered the folder it
 * stays in it, wherever the names on the way lead later, so what `pwd -P` says holds; and dd opens the last name
 * without following a link and without waiting for the other end of a pipe (open(2), O_NOFOLLOW, O_NONBLOCK). Deno
 * itself resolves every link of a path before it opens what is there.
 */
const SCRIPT = `cd -P -- "$1" && [ "$(pwd -P)" = "$1" ] || exit 9
exec dd if="./$2" iflag=nofollow,nonblock,noctty,skip_bytes,count_bytes,fullblock skip="$3" count="$4" bs=1M status=none`;

/** The end of a session. */
export interface SessionBytes {
  readonly bytes: Uint8Array;
  /** It does not begin where the session begins. */
  readonly cut: boolean;
}

/**
 * Reads a session from the home of a bottle, which may be running.
 *
 * @throws BottleError `transcript_unreadable` when it is no file below the home, or cannot be read.
 */
export async function readSession(
  home: string,
  { path, size }: SessionFile,
  most = MOST_BYTES,
): Promise<SessionBytes> {
  const skip = Math.max(0, size - most);
  const folder = join(await Deno.realPath(home), dirname(path));
  const { success, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", SCRIPT, "sh", folder, basename(path), String(skip), String(most)],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return { bytes: stdout, cut: skip > 0 };
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  throw new BottleError(
    `Cannot read the session ${printableLine(path)}: ${
      said === "" ? "a link leads out of the bottle's home" : printable(said)
    }`,
    {
      code: "transcript_unreadable",
      hint: "the agent may have moved or replaced it; look at it with care",
    },
  );
}
