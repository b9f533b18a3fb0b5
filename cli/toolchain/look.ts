import { join } from "node:path/posix";
import { CHECKSUMS, CONTENTS } from "./folder.ts";

/**
 * What stands in a folder, by find(1): kind, permissions, owner; of a file its size and its time of change too, of a
 * link its target. The time of change (ctime) is the system's: whoever may set a file's own time may not set that.
 */
const LOOK_SCRIPT = `cd -- "$1" && exec find . ! -path ./${CONTENTS} \\( \\
  -type d -printf 'd %m %U %P\\n' -o -type l -printf 'l %m %U %P -> %l\\n' -o -printf '%y %m %U %s %C@ %P\\n' \\)`;

/**
 * What stands in a toolchain's folder now, one entry a line, sorted; "" when it cannot be seen. A process of its own:
 * each look of this one would be compared with every folder that it must not read.
 */
export async function lookAt(folder: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", LOOK_SCRIPT, "find", folder],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  if (!success) return lookOneByOne(folder); // a find without -printf, or nothing there
  return new TextDecoder().decode(stdout).trimEnd().split("\n").sort().join("\n");
}

/** The same, asked one by one; the time of change is in whole seconds, as Deno 2.9 gives no more of it. */
export function lookOneByOne(folder: string): string {
  const lines: string[] = [];
  const visit = (path: string) => {
    const at = join(folder, path);
    const info = Deno.lstatSync(at);
    const owned = `${((info.mode ?? 0) & 0o7777).toString(8)} ${info.uid}`;
    if (info.isSymlink) lines.push(`l ${owned} ${path} -> ${Deno.readLinkSync(at)}`);
    else if (info.isDirectory) {
      lines.push(`d ${owned} ${path}`);
      for (const { name } of Deno.readDirSync(at)) {
        if (path !== "" || name !== CONTENTS) visit(path === "" ? name : `${path}/${name}`);
      }
    } else {
      const kind = info.isFile ? "f" : "?";
      const time = (info.ctime?.getTime() ?? 0) / 1000;
      lines.push(`${kind} ${owned} ${info.size} ${time} ${path}`);
    }
  };
  try {
    visit("");
  } catch {
    return "";
  }
  return lines.sort().join("\n");
}

/** One line of a look. */
export interface Entry {
  /** `d`, `f`, `l`; anything else is no part of a toolchain. */
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  /** Relative; "" for the folder itself. */
  readonly path: string;
  /** Of a link. */
  readonly target?: string;
}

const LINE = /^(?:([dl]) (\d+) (\d+) |(\S) (\d+) (\d+) \d+ [\d.]+ )(.*)$/;

/** The entries of a look; lines of another form are left out. */
export function entriesOf(look: string): Entry[] {
  return look.split("\n").flatMap((line) => {
    const [, folderOrLink, mode1, uid1, other, mode2, uid2, rest = ""] = LINE.exec(line) ?? [];
    const kind = folderOrLink ?? other;
    if (kind === undefined) return [];
    const [path = "", target] = kind === "l" ? rest.split(" -> ", 2) : [rest];
    const entry = {
      kind,
      mode: parseInt(mode1 ?? mode2 ?? "0", 8),
      uid: Number(uid1 ?? uid2),
      path,
    };
    return [target === undefined ? entry : { ...entry, target }];
  });
}

/** What is wrong with the entries of a toolchain, whatever was installed: who may write, and where links lead. */
export function entryProblems(entries: readonly Entry[], uid: number): string[] {
  return entries.flatMap((entry) => {
    const problem = entryProblem(entry, uid);
    return problem === undefined ? [] : [`${entry.path || "its folder"} ${problem}`];
  });
}

function entryProblem({ kind, mode, uid: owner, path, target }: Entry, uid: number) {
  if (owner !== uid && owner !== 0) return "belongs to somebody else";
  if (kind === "l") return isProgramLink(path, target ?? "") ? undefined : "is a link";
  if (kind !== "d" && kind !== "f") return "is no file";
  return (mode & 0o022) === 0 ? undefined : "can be written by others";
}

/** Whether a link is one that npm makes: from a folder `.bin` to a program of a package. */
function isProgramLink(path: string, target: string): boolean {
  const at = path.lastIndexOf("/.bin/");
  if (!path.startsWith("node_modules/") || at < 0 || target.startsWith("/")) return false;
  // Up once, to the packages beside it, and then only down.
  const [up, ...down] = target.split("/");
  return up === ".." && down.length > 0 && !down.includes("..");
}

/** Names of the files, without the lists of them. */
export function filesOf(entries: readonly Entry[]): string[] {
  return entries.filter(({ kind, path }) => kind === "f" && path !== CHECKSUMS)
    .map(({ path }) => path).sort();
}
