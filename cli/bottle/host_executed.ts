import { join } from "node:path/posix";
import { executingEntries } from "./git_config_keys.ts";
import { agentFiles, GIT_CONFIG, isObeyed, isObeyedFolder, PACKAGE } from "./obeyed_files.ts";

/** A file in a workspace that would run something on the operator's machine, and that the agent made or changed. */
export interface HostExecuted {
  /** Relative to the workspace. */
  readonly path: string;
  /** `unreadable` is what cannot be looked at: programs of the operator's may still use it (a hook needs `x` alone). */
  readonly change: "new" | "changed" | "unreadable";
  /** What in it runs, such as the keys of a git configuration; empty where the file itself is what runs. */
  readonly what: readonly string[];
}

/** What a look at a workspace found. */
export interface WorkspaceSurvey {
  readonly files: readonly HostExecuted[];
  /** Texts that an agent CLI on the host would read as instructions. */
  readonly instructions: readonly HostExecuted[];
  /** The workspace has more entries than were looked at. */
  readonly cut: boolean;
}

/** Entries of a workspace that are looked at; more than that no operator would read. */
const MOST_ENTRIES = 500_000;
/** Files of these kinds are small; a larger one is compared by its size and time alone. */
const MOST_BYTES = 1 << 20;

/**
 * Looks for files that would run on the host later (hooks, editor tasks, package scripts, CI) and that differ from what
 * the workspace began with. Links are not followed; folders of installed packages are left out.
 *
 * @param origin the folder that was copied into the workspace; undefined when it began empty.
 */
export function hostExecuted(workspace: string, origin: string | undefined): WorkspaceSurvey {
  const agents = agentFiles();
  const files: HostExecuted[] = [];
  const instructions: HostExecuted[] = [];
  const survey = (cut: boolean) => ({
    files: sorted(files),
    instructions: sorted(instructions),
    cut,
  });
  let entries = 0;
  const folders = [""];
  while (folders.length > 0) {
    const folder = folders.pop()!;
    const inside = readFolder(join(workspace, folder));
    if (inside === undefined) {
      if (folder !== "" || exists(workspace)) {
        files.push({ path: folder === "" ? "." : folder, change: "unreadable", what: [] });
      }
      continue;
    }
    const bare = isBareRepository(inside);
    for (const entry of inside) {
      if (++entries > MOST_ENTRIES) return survey(true);
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) {
        const skipped = entry.name === "node_modules" && !agents.obeys(path);
        if (!skipped && !path.endsWith(".git/objects")) folders.push(path);
      } else {
        const instructs = agents.instructs(path);
        const found = judge(workspace, origin, path, {
          isLink: entry.isSymlink,
          isConfig: GIT_CONFIG.test(path) || (bare && entry.name === "config"),
          isOfAgents: instructs || agents.obeys(path),
        });
        if (found !== undefined) (instructs ? instructions : files).push(found);
      }
    }
  }
  return survey(false);
}

function judge(
  workspace: string,
  origin: string | undefined,
  path: string,
  { isLink, isConfig, isOfAgents }: {
    readonly isLink: boolean;
    readonly isConfig: boolean;
    readonly isOfAgents: boolean;
  },
): HostExecuted | undefined {
  const isPackage = PACKAGE.test(path);
  const obeyed = isConfig || isPackage || isOfAgents || isObeyed(path) ||
    (isLink && isObeyedFolder(path));
  if (!obeyed) return undefined;
  const now = read(join(workspace, path));
  const before = origin === undefined ? undefined : read(join(origin, path));
  if (now === undefined) return { path, change: "unreadable", what: [] };
  if (now.text === before?.text) return undefined;
  const change = before === undefined ? "new" : "changed";
  if (isLink || now.large === true || (!isConfig && !isPackage)) return { path, change, what: [] };
  const what = isConfig
    ? difference(configLines(now.text), configLines(before?.text ?? ""))
      // Where a repository of the agent's own came from is no news; where the operator's goes to is.
      .filter((key) => change === "changed" || !REMOTE_URL.test(key))
    : difference(scriptLines(now.text), scriptLines(before?.text ?? ""));
  return what.length === 0 ? undefined : { path, change, what };
}

/** What is in `now` and not in `before`, by its name alone: values are the agent's words. */
function difference(now: Map<string, string>, before: Map<string, string>): string[] {
  return [...now].filter(([name, value]) => before.get(name) !== value).map(([name]) => name);
}

const REMOTE_URL = /^remote\..*\.url$/s;

/** A key may stand more than once: for some the last counts, for others every one. */
function configLines(text: string): Map<string, string> {
  const lines = new Map<string, string>();
  for (const { key, value } of executingEntries(text)) {
    lines.set(key, `${lines.get(key) ?? ""}${JSON.stringify(value)}`);
  }
  return lines;
}

/** What git takes for a repository without a working copy, in any folder that somebody enters (gitrepository-layout(5)). */
function isBareRepository(entries: readonly Deno.DirEntry[]): boolean {
  return ["HEAD", "objects", "refs"].every((wanted) => entries.some(({ name }) => name === wanted));
}

function scriptLines(text: string): Map<string, string> {
  try {
    const scripts = (JSON.parse(text) as { scripts?: unknown } | null)?.scripts;
    if (typeof scripts !== "object" || scripts === null) return new Map();
    return new Map(
      Object.entries(scripts).map(([name, script]) => [`scripts.${name}`, String(script)]),
    );
  } catch {
    return new Map([["no JSON", text]]);
  }
}

/** undefined for what cannot be listed: the agent took its permissions away, or its name is not UTF-8. */
function readFolder(path: string): Deno.DirEntry[] | undefined {
  try {
    return [...Deno.readDirSync(path)];
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** A file's text, or what stands for it when it is large; undefined when it is no file or cannot be read. */
function read(path: string): { text: string; large?: true } | undefined {
  try {
    const info = Deno.lstatSync(path);
    if (info.isSymlink) return { text: `link ${linkText(path)}` };
    if (!info.isFile) return undefined;
    if (info.size > MOST_BYTES) {
      return { text: `${info.size} bytes of ${info.mtime?.getTime()}`, large: true };
    }
    return { text: Deno.readTextFileSync(path) };
  } catch {
    return undefined;
  }
}

function linkText(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}

function sorted(files: readonly HostExecuted[]): HostExecuted[] {
  return files.toSorted((a, b) => a.path < b.path ? -1 : 1);
}
