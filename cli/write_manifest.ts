import { dirname } from "node:path/posix";
import { BottleError } from "../core/errors.ts";
import { isWithin } from "../manifest/places.ts";
import { replaceFile } from "../sys/atomic_file.ts";

/**
 * Writes a manifest in one step, folders included: a reader sees the old text or the new one.
 *
 * This program may write below bot-bottle's own folder alone. A manifest of a project, or one that a link leads to,
 * stands elsewhere; the operator named it, and a shell writes it.
 *
 * @param file absolute; a link is followed, as its reader does.
 * @param mode permission bits of the file.
 * @param home bot-bottle's own folder.
 * @throws BottleError `not_written`.
 */
export async function writeManifest(
  file: string,
  text: string,
  mode: number,
  home: string,
): Promise<void> {
  const target = real(file) ?? file;
  const owned = isWithin(target, real(home) ?? home) && real(dirname(target)) !== undefined;
  if (owned || isNew(target, home)) {
    Deno.mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    replaceFile(target, text, mode);
    return;
  }
  await writeByShell(target, text, mode);
}

/** Whether a file is to be in a folder of bot-bottle's own that does not exist yet. */
function isNew(file: string, home: string): boolean {
  return isWithin(file, home) && real(dirname(file)) === undefined;
}

function real(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

/** `noclobber`: a file or link that stands in the draft's place is not written to. */
const SCRIPT = `set -eCu
mkdir -p -- "\${1%/*}"
draft=$1.$$.tmp
trap 'rm -f -- "$draft"' EXIT
umask 077
cat >"$draft"
chmod -- "$2" "$draft"
mv -f -- "$draft" "$1"`;

async function writeByShell(path: string, text: string, mode: number): Promise<void> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", SCRIPT, "sh", path, mode.toString(8)],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const [{ success, stderr }] = await Promise.all([
    child.output(),
    new Blob([text]).stream().pipeTo(child.stdin).catch(() => {}), // it ended before it read everything
  ]);
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
  throw new BottleError(`Cannot write ${path}: ${said}`, {
    code: "not_written",
    hint: "see who owns the folder, and its permissions",
  });
}
