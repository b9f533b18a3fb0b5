import { join } from "node:path/posix";
import { removeTree } from "../bottle/remove_state.ts";
import { isWhole } from "./contents.ts";
import { incomplete, noteFiles, removeSuperfluous } from "./finish_folder.ts";
import { type Toolchain, toolchainsFolder } from "./folder.ts";
import { installerLock } from "./installer_lock.ts";
import type { Npm } from "./npm.ts";
import { packageFiles, programScript } from "./package_files.ts";
import { refuseShared } from "./shared_folder.ts";

/** Beginning of the name of a folder that is still being filled. */
const UNFINISHED = ".install-";

/** What an installation works with. */
export interface InstallOptions {
  readonly npm: Npm;
  readonly uid: number;
  /** Sees what is done next. */
  readonly onStep?: (step: string) => void;
  /** Sees how many bytes are on the disk so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Milliseconds between two looks at the growing folder. */
const LOOK_EVERY = 400;

/**
 * Installs a toolchain: into a folder of its own beside its place, and by a rename when everything is there.
 * Interrupted at any moment it leaves nothing that a start would use; what it left is removed by the next one.
 * Of several at once one installs, and the others wait for it.
 *
 * @throws BottleError `npm_missing`, `npm_failed`, `toolchain_incomplete`, `shared_folder`; the signal's reason.
 */
export async function installToolchain(
  home: string,
  toolchain: Toolchain,
  options: InstallOptions,
): Promise<void> {
  const { npm, uid, onStep, onProgress, signal } = options;
  const parent = toolchainsFolder(home);
  Deno.mkdirSync(home, { recursive: true, mode: 0o700 });
  Deno.mkdirSync(parent, { recursive: true, mode: 0o755 });
  refuseShared(home, toolchain, uid);
  using _lock = await installerLock(
    parent,
    signal,
    () => onStep?.("waiting for another bot-bottle that installs"),
  );
  if (await isWhole(toolchain)) return; // by the one that was waited for
  removeUnfinished(parent);
  const work = Deno.makeTempDirSync({ dir: parent, prefix: UNFINISHED });
  const watch: { timer?: ReturnType<typeof setInterval> } = {};
  try {
    for (const [name, text] of Object.entries(packageFiles(toolchain.packages))) {
      Deno.writeTextFileSync(join(work, name), text);
    }
    onStep?.("downloading");
    watch.timer = setInterval(() => onProgress?.(bytesBelow(work)), LOOK_EVERY);
    await npm(work, signal);
    clearInterval(watch.timer);
    onStep?.("noting checksums");
    removeTree(join(work, ".npm"));
    removeSuperfluous(work, toolchain);
    writePrograms(work, toolchain);
    await noteFiles(work, toolchain, { uid, signal });
    placeFolder(work, parent, toolchain);
  } finally {
    clearInterval(watch.timer);
    removeTree(work);
  }
}

function writePrograms(work: string, { provider, platform }: Toolchain): void {
  Deno.mkdirSync(join(work, "bin"), { mode: 0o755 });
  for (const [name, words] of Object.entries(provider.programs?.(platform) ?? {})) {
    const missing = words.find((word) => !word.startsWith("-") && !exists(join(work, word)));
    if (missing !== undefined) {
      throw incomplete({ provider }, `${missing} is not in it`);
    }
    const path = join(work, "bin", name);
    Deno.writeTextFileSync(path, programScript(words));
    Deno.chmodSync(path, 0o755);
    Deno.chmodSync(join(work, words[0]!), 0o755);
  }
}

/** One that is there is damaged: it gives way whole, and what runs from it keeps the files that it has open. */
function placeFolder(work: string, parent: string, toolchain: Toolchain): void {
  try {
    Deno.renameSync(toolchain.folder, Deno.makeTempDirSync({ dir: parent, prefix: UNFINISHED }));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.renameSync(work, toolchain.folder);
  removeUnfinished(parent);
}

/** Removes folders that nobody fills any more; the npm of a process that was killed may still be about to end. */
function removeUnfinished(parent: string): void {
  for (const { name } of [...Deno.readDirSync(parent)]) {
    if (!name.startsWith(UNFINISHED)) continue;
    try {
      removeTree(join(parent, name));
    } catch { /* the next one does it */ }
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
