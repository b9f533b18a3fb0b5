import { join } from "node:path/posix";
import { BottleError, ExitCode } from "../../core/errors.ts";
import { removeTree } from "../bottle/remove_state.ts";
import { checksumLines, parseChecksums } from "./checksums.ts";
import { noteContents } from "./contents.ts";
import { CHECKSUMS, type Toolchain } from "./folder.ts";
import { entriesOf, entryProblems, filesOf, lookAt } from "./look.ts";

/**
 * Sets the permissions, whatever umask and archives made of them, and notes what is there.
 *
 * @throws BottleError `toolchain_incomplete` when links or devices are in it; the signal's reason.
 */
export async function noteFiles(
  work: string,
  toolchain: Toolchain,
  { uid, signal }: { uid: number; signal: AbortSignal | undefined },
): Promise<void> {
  setPermissions(work);
  const entries = entriesOf(await lookAt(work));
  const [problem] = entryProblems(entries, uid);
  if (problem !== undefined) throw incomplete(toolchain, problem);
  const path = join(work, CHECKSUMS);
  Deno.writeTextFileSync(path, await checksumLines(work, filesOf(entries), signal));
  Deno.chmodSync(path, 0o644);
  await noteContents(work);
}

/** Everybody reads, as bottles of an operator who is root do under another user; nobody else writes. */
function setPermissions(folder: string): void {
  const { success, stderr } = new Deno.Command("/bin/sh", {
    args: ["-c", `exec chmod -R u=rwX,go=rX -- "$1"`, "chmod", folder],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().slice(0, 1000));
}

/** Removes what the provider has no use for; whether there was any. */
export function removeSuperfluous(
  work: string,
  { provider, platform }: Pick<Toolchain, "provider" | "platform">,
): boolean {
  const paths = provider.superfluous?.(platform) ?? [];
  const there = paths.map((path) => join(work, path)).filter(isFolder);
  for (const path of there) removeTree(path);
  return there.length > 0;
}

/**
 * Brings a toolchain that was found to be as it was installed to what an installation makes today, and notes how it
 * looks. Ended in between, it is not what was installed, and is installed anew.
 */
export async function renewNotes(toolchain: Toolchain): Promise<void> {
  const { folder } = toolchain;
  if (removeSuperfluous(folder, toolchain)) {
    const files = new Set(filesOf(entriesOf(await lookAt(folder))));
    const path = join(folder, CHECKSUMS);
    const kept = [...parseChecksums(Deno.readTextFileSync(path))]
      .filter(([name]) => files.has(name));
    Deno.writeTextFileSync(path, kept.map(([name, hash]) => `${hash}  ${name}\n`).join(""));
  }
  await noteContents(folder);
}

/** The error for packages that cannot be used. */
export function incomplete({ provider }: Pick<Toolchain, "provider">, why: string): BottleError {
  return new BottleError(`Cannot use the toolchain of ${provider.name}: ${why}`, {
    code: "toolchain_incomplete",
    exit: ExitCode.cannotStart,
    hint: "the packages were built differently: see providers/versions.json, and npm config list",
  });
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}
