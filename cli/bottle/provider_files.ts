import { BottlePath } from "../../backends/bottle_paths.ts";
import type { PlannedFile } from "../../providers/provider.ts";

/** In the home: which files of the provider were written, by their hashes. The agent may change it, to its own harm. */
const WRITTEN = ".config/bot-bottle/provider-files";
/** Among the read-only files: what {@linkcode WRITTEN} should say, and the script. */
const LIST = "provider-files";
const SCRIPT = "follow-plan";

/** The files of a new bottle's home, and the note of what they are. */
export async function newHome(files: readonly PlannedFile[]): Promise<Record<string, string>> {
  if (files.length === 0) return {};
  const written = files.map(({ path, content }) => [path, content] as const);
  return Object.fromEntries([...written, [WRITTEN, await listOf(files)]]);
}

/**
 * What a resumed bottle needs so that its provider's files follow the manifest: those whose plan is another one than
 * was written are written anew. It happens inside the walls: whatever links the agent left lead nowhere else, and the
 * note of what was written goes with the home, also with a commit of it.
 */
export async function followPlan(
  files: readonly PlannedFile[],
  argv: readonly string[],
): Promise<
  { readonly fixed: Readonly<Record<string, string>>; readonly argv: readonly string[] }
> {
  if (files.length === 0) return { fixed: {}, argv };
  return {
    fixed: Object.fromEntries([
      [SCRIPT, FOLLOW_PLAN],
      [LIST, await listOf(files)],
      ...files.map(({ content }, index) => [`${LIST}-${index}`, content] as const),
    ]),
    argv: ["sh", `${BottlePath.agentFiles}/${SCRIPT}`, ...argv],
  };
}

/** A line for each file: its hash in hexadecimal digits, a space, its path. Web Crypto: node's takes 20 ms to load. */
async function listOf(files: readonly PlannedFile[]): Promise<string> {
  const lines = files.map(async ({ path, content }) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
    return `${new Uint8Array(digest).toHex()} ${path}\n`;
  });
  return (await Promise.all(lines)).join("");
}

const FOLLOW_PLAN = `here=\${0%/*}
home=${BottlePath.home}
written=$home/${WRITTEN}
umask 077
put() { # what, path below the home
  mkdir -p -- "$(dirname -- "$home/$2")" && rm -rf -- "$home/$2" && cat -- "$1" >"$home/$2" && return
  echo "bot-bottle: ~/$2 cannot be written, and the manifest wants it" >&2
  exit 1
}
number=0 changed=
while IFS= read -r line <&3; do
  path=\${line#* } file=$here/${LIST}-$number number=$((number + 1))
  [ -f "$written" ] && grep -qxF -e "$line" -- "$written" && [ -e "$home/$path" ] && continue
  put "$file" "$path"
  changed="$changed ~/$path"
done 3<"$here/${LIST}"
if [ -n "$changed" ]; then
  put "$here/${LIST}" "${WRITTEN}"
  echo "bot-bottle: written anew, as the manifest wants it now:$changed" >&2
fi
exec "$@"
`;
