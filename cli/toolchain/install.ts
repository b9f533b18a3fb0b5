import { join } from "node:path/posix";
import { BottleError, ExitCode } from "../../core/errors.ts";
import { removeTree } from "../bottle/remove_state.ts";
import { checksumLines, filesBelow } from "./checksums.ts";
import { CHECKSUMS, isInstalled, type Toolchain, toolchainsFolder } from "./folder.ts";
import type { Npm } from "./npm.ts";
import { packageFiles, programScript } from "./package_files.ts";

/** Beginning of the name of a folder that is still being filled. */
const UNFINISHED = ".install-";

/** What an installation works with. */
export interface InstallOptions {
  readonly npm: Npm;
  /** Sees how many bytes are on the disk so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Milliseconds between two looks at the growing folder. */
const LOOK_EVERY = 400;

/**
 * Installs a toolchain: into a folder of its own beside its place, and by a rename when everything is there.
 * Interrupted at any moment it leaves nothing that a start would use; what it left is removed by the next one.
 *
 * @throws BottleError `npm_missing`, `npm_failed`, `toolchain_incomplete`.
 */
export async function installToolchain(
  home: string,
  toolchain: Toolchain,
  options: InstallOptions,
): Promise<void> {
  const parent = toolchainsFolder(home);
  Deno.mkdirSync(parent, { recursive: true, mode: 0o755 });
  removeUnfinished(parent);
  const work = Deno.makeTempDirSync({ dir: parent, prefix: UNFINISHED });
  const lock = Deno.openSync(join(work, ".lock"), { create: true, write: true });
  const watch: { timer?: ReturnType<typeof setInterval> } = {};
  try {
    lock.tryLockSync(true);
    // Bottles of an operator who is root read it as somebody else.
    Deno.chmodSync(work, 0o755);
    for (const [name, text] of Object.entries(packageFiles(toolchain.packages))) {
      Deno.writeTextFileSync(join(work, name), text);
    }
    watch.timer = setInterval(() => options.onProgress?.(bytesBelow(work)), LOOK_EVERY);
    await options.npm(work, options.signal);
    clearInterval(watch.timer);
    removeTree(join(work, ".npm"));
    writePrograms(work, toolchain);
    Deno.removeSync(join(work, ".lock"));
    const { files } = filesBelow(work);
    Deno.writeTextFileSync(join(work, CHECKSUMS), await checksumLines(work, files));
    placeFolder(work, toolchain);
  } finally {
    clearInterval(watch.timer);
    lock.close();
    removeTree(work);
  }
}

function writePrograms(work: string, { provider, platform }: Toolchain): void {
  Deno.mkdirSync(join(work, "bin"), { mode: 0o755 });
  for (const [name, words] of Object.entries(provider.programs?.(platform) ?? {})) {
    const missing = words.find((word) => !word.startsWith("-") && !exists(join(work, word)));
    if (missing !== undefined) {
      throw new BottleError(
        `Cannot use the toolchain of ${provider.name}: ${missing} is not in it`,
        {
          code: "toolchain_incomplete",
          exit: ExitCode.cannotStart,
          hint: "the packages were built differently: see providers/versions.json",
        },
      );
    }
    const path = join(work, "bin", name);
    Deno.writeTextFileSync(path, programScript(words));
    Deno.chmodSync(path, 0o755);
    Deno.chmodSync(join(work, words[0]!), 0o755);
  }
}

/** A second installer that was faster wins: it has the same packages. */
function placeFolder(work: string, toolchain: Toolchain): void {
  // One that lost its checksums is not whole.
  if (!isInstalled(toolchain)) removeTree(toolchain.folder);
  try {
    Deno.renameSync(work, toolchain.folder);
  } catch (error) {
    if (!isInstalled(toolchain)) throw error;
  }
}

/** Removes folders that nobody fills any more. */
function removeUnfinished(parent: string): void {
  for (const { name } of [...Deno.readDirSync(parent)]) {
    if (!name.startsWith(UNFINISHED)) continue;
    const folder = join(parent, name);
    let lock: Deno.FsFile;
    try {
      lock = Deno.openSync(join(folder, ".lock"), { read: true });
    } catch {
      // Made a moment ago, or past the point where the lock is needed.
      if (isOld(folder)) removeTree(folder);
      continue;
    }
    const free = lock.tryLockSync(true);
    lock.close();
    if (free) removeTree(folder);
  }
}

/** In milliseconds: longer than computing checksums and renaming take. */
const OLD = 600_000;

function isOld(path: string): boolean {
  try {
    const { mtime } = Deno.statSync(path);
    return mtime !== null && Date.now() - mtime.getTime() > OLD;
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      bytes += isDirectory ? bytesBelow(path) : Deno.lstatSync(path).size;
    }
  } catch { /* npm moved it meanwhile */ }
  return bytes;
}
