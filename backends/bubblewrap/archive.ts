import { basename, dirname } from "node:path";
import { BottleError } from "../../core/errors.ts";
import { SYSTEM_PATH } from "./host_shell.ts";

/** Packs a file or folder of the host, whose owner is the operator. */
export function packArchive(source: string): Promise<Uint8Array> {
  return runShell(`exec tar -cf - -C "$1" -- "$2"`, [dirname(source), basename(source)]);
}

/**
 * Unpacks what a bottle sent. The archive is the agent's: it may name `..`, devices, setuid files, or write
 * through a link of its own. As root it is therefore unpacked by the agent's uid; what is special is removed.
 */
const UNPACK_SCRIPT = `
cd "$1" || exit 1
as=
if [ -n "$2" ]; then
  chown "$2:$2" . || exit 1
  as="setpriv --reuid=$2 --regid=$2 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs --"
fi
$as tar -xf - --no-same-owner --no-same-permissions || exit 1
find . ! -type f ! -type d ! -type l -exec rm -f {} +
find . ! -type l -perm /7000 -exec chmod a-s,-t {} +
[ -z "$2" ] || chown -hR 0:0 .
`;

/**
 * Unpacks an archive of the bottle's into an empty folder.
 *
 * @param agent the agent's host uid when we are root, else null.
 * @throws BottleError `copy_failed`.
 */
export async function unpackArchive(
  archive: Uint8Array,
  folder: string,
  agent: number | null,
): Promise<void> {
  await runShell(UNPACK_SCRIPT, [folder, agent === null ? "" : String(agent)], archive);
}

async function runShell(
  script: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Uint8Array> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", script, "bot-bottle", ...args],
    clearEnv: true,
    env: { PATH: SYSTEM_PATH, LC_ALL: "C" },
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ending = child.output();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that stops reading says why on stderr.
    await writer.write(input).then(() => writer.close()).catch(() => {});
  }
  const { success, stdout, stderr } = await ending;
  if (success) return stdout;
  throw new BottleError(`Cannot copy: ${new TextDecoder().decode(stderr).trim()}`, {
    code: "copy_failed",
  });
}
