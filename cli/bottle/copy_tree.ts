import { BottleError, ExitCode, messageOf } from "../../core/errors.ts";

/** A symbolic link to make: what it says and where it stands. */
type Link = readonly [text: string, path: string];

/** Entries that are copied between two looks at the signal. */
const TURN = 256;

/** How a tree is copied. */
export interface CopyOptions {
  /** Ends the copy between two entries; it throws the signal's reason then. */
  readonly signal?: AbortSignal;
  /** Whether an entry is not copied, by its absolute path; it is asked before the entry is looked at. */
  readonly leaveOut?: (path: string) => boolean;
}

/** One copy on its way. */
interface Copying {
  readonly skip: Deno.FileInfo | undefined;
  readonly links: Link[];
  readonly leftOut: string[];
  readonly options: CopyOptions;
  entries: number;
}

/**
 * Copies what is in `from` into the existing folder `to`: files with mode and time, folders, symbolic links as
 * links. Sockets, pipes and devices are left out: they would be doors to the host.
 *
 * @param skip a folder that is not copied (bot-bottle's own, which may stand below `from`), by whatever path it is reached.
 * @returns what was left out because {@linkcode CopyOptions.leaveOut} said so, relative to `from`.
 * @throws BottleError `copy_failed` for an entry that cannot be copied.
 */
export async function copyTree(
  from: string,
  to: string,
  skip: string,
  options: CopyOptions = {},
): Promise<readonly string[]> {
  if (isInside(to, from) && !(isInside(skip, from) && !isSame(statOf(skip), statOf(from)))) {
    throw new BottleError(`Cannot copy ${from} into the workspace: the workspace is in it`, {
      code: "copy_failed",
      exit: ExitCode.cannotStart,
      hint: "start in the folder of your project",
    });
  }
  const copying: Copying = { skip: statOf(skip), links: [], leftOut: [], options, entries: 0 };
  await copyFolder(from, to, copying);
  await makeLinks(copying.links);
  return copying.leftOut.map((path) => path.slice(from === "/" ? 1 : from.length + 1));
}

async function copyFolder(from: string, to: string, copying: Copying): Promise<void> {
  for (const { name } of read(from)) {
    const source = `${from === "/" ? "" : from}/${name}`;
    const target = `${to}/${name}`;
    if (++copying.entries % TURN === 0) await new Promise((resolve) => setTimeout(resolve));
    copying.options.signal?.throwIfAborted();
    if (copying.options.leaveOut?.(source) === true) {
      copying.leftOut.push(source);
      continue;
    }
    const info = attempt(source, () => Deno.lstatSync(source));
    if (info.isSymlink) {
      copying.links.push([attempt(source, () => Deno.readLinkSync(source)), target]);
    } else if (info.isDirectory) {
      if (isSame(info, copying.skip)) continue;
      Deno.mkdirSync(target, { mode: 0o700 });
      await copyFolder(source, target, copying);
      keepModeAndTime(target, info);
    } else if (info.isFile) {
      attempt(source, () => Deno.copyFileSync(source, target));
      keepModeAndTime(target, info);
    }
  }
}

function read(folder: string): Deno.DirEntry[] {
  return attempt(folder, () => [...Deno.readDirSync(folder)]);
}

/** Does one thing with an entry of the operator's folder, and says which entry it was when that fails. */
function attempt<Value>(source: string, act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    const [why, hint] = source.includes("\ufffd") && error instanceof Deno.errors.NotFound
      ? ["its name is not UTF-8", "rename it, or start in a folder without it"]
      : error instanceof Deno.errors.NotCapable
      ? ["bot-bottle may not read it", "start in a folder that holds no credentials"]
      : [messageOf(error), "mend it, or start in a folder without it"];
    throw new BottleError(`Cannot copy ${source} into the workspace: ${why}`, {
      code: "copy_failed",
      exit: ExitCode.cannotStart,
      hint,
      cause: error,
    });
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** Whether two folders are one: paths differ where a link or a mount leads to the same place. */
function isSame(one: Deno.FileInfo | undefined, other: Deno.FileInfo | undefined): boolean {
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}

/** Whether `folder` is `ancestor` or stands below it; both exist. */
function isInside(folder: string, ancestor: string): boolean {
  const [real, above] = [Deno.realPathSync(folder), Deno.realPathSync(ancestor)];
  return above === "/" || real === above || real.startsWith(`${above}/`);
}

function keepModeAndTime(target: string, { mode, atime, mtime }: Deno.FileInfo): void {
  // Without set-user-id and set-group-id.
  if (mode !== null) Deno.chmodSync(target, (mode & 0o777) | 0o200);
  if (atime !== null && mtime !== null) Deno.utimeSync(target, atime, mtime);
}

const LINK_SCRIPT = `while [ $# -gt 0 ]; do ln -s -- "$1" "$2" || exit 1; shift 2; done`;

/** Deno makes links only for a program that may write everywhere; ln(1) needs no such right. */
async function makeLinks(links: readonly Link[]): Promise<void> {
  for (let at = 0; at < links.length; at += 200) {
    const { success, stderr } = await new Deno.Command("/bin/sh", {
      args: ["-c", LINK_SCRIPT, "sh", ...links.slice(at, at + 200).flat()],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`Cannot copy links: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
