import { executingEntries } from "../bottle/git_config_keys.ts";

/** Bytes of a git configuration that are looked at. */
const MOST_BYTES = 1 << 20;

/**
 * Where the repository of a folder pushes to, as git has it: `origin`, else the only remote. Git is not run: the
 * folder may be somebody else's, and its configuration may name programs.
 */
export function remoteOf(folder: string): string | undefined {
  const urls = new Map<string, string>();
  for (const { key, value } of executingEntries(configOf(folder) ?? "")) {
    const name = /^remote\.(.*)\.url$/s.exec(key)?.[1];
    if (name !== undefined) urls.set(name, value);
  }
  const url = urls.get("origin") ?? (urls.size === 1 ? [...urls.values()][0] : undefined);
  return url === undefined || url === "" ? undefined : url;
}

/** The text of `.git/config`; a worktree or a submodule has a file there, and none of it is followed. */
function configOf(folder: string): string | undefined {
  const path = `${folder}/.git/config`;
  try {
    const info = Deno.statSync(path);
    return info.isFile && info.size <= MOST_BYTES ? Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
