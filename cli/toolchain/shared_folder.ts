import { BottleError, ExitCode } from "../../core/errors.ts";
import { type Toolchain, toolchainsFolder } from "./folder.ts";

/**
 * Refuses a toolchain that others could exchange: bot-bottle's folder, the one of toolchains and the toolchain's own
 * belong to this user or to root, and nobody else may write to the first two. Links are followed: what they lead to
 * counts. Who may write to the toolchain itself is seen by the look at it.
 *
 * @throws BottleError `shared_folder`.
 */
export function refuseShared(
  home: string,
  { folder }: Pick<Toolchain, "folder">,
  uid: number,
): void {
  for (const path of [home, toolchainsFolder(home), folder]) {
    const info = infoOf(path);
    if (info === undefined) return;
    if (info.uid !== null && info.uid !== uid && info.uid !== 0) {
      throw refusal(
        `${path} belongs to another user (uid ${info.uid})`,
        "move it away, and start again as the user who is to own it",
      );
    }
    if (path !== folder && ((info.mode ?? 0) & 0o022) !== 0) {
      throw refusal(`others can write to ${path}`, `chmod go-w '${path}', then start again`);
    }
  }
}

function refusal(why: string, hint: string): BottleError {
  return new BottleError(`Cannot trust the agent CLIs: ${why}`, {
    code: "shared_folder",
    exit: ExitCode.cannotStart,
    hint,
  });
}

function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
