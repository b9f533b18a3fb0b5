import { join } from "node:path/posix";
import { holdsNpmCredential, projectCredentialPlace } from "../../core/credential_places.ts";
import { BottleError, ExitCode } from "../../core/errors.ts";
import { isWithin } from "../../manifest/places.ts";
import { printableLine } from "../../sys/log.ts";
import type { Host } from "../context.ts";
import { bottleHome } from "../home.ts";
import { copyTree } from "./copy_tree.ts";

/** Files that are named; the rest are counted. */
const MOST_NAMED = 8;

/**
 * Refuses to give an agent a folder that is no project: the operator's home, one that holds it, and places of
 * credentials.
 *
 * @throws BottleError `cwd_refused`.
 */
export function checkProject({ cwd, env }: Pick<Host, "cwd" | "env">): void {
  const folder = Deno.realPathSync(cwd);
  const home = env("HOME");
  const place = projectCredentialPlace(folder);
  const why = home !== undefined && isWithin(realPath(home), folder)
    ? folder === realPath(home) ? "it is your home folder" : "it holds your home folder"
    : place === undefined
    ? undefined
    : `${place} holds credentials`;
  if (why === undefined) return;
  throw new BottleError(`Cannot copy ${JSON.stringify(cwd)} into the workspace: ${why}`, {
    code: "cwd_refused",
    exit: ExitCode.usage,
    hint: "start in the folder of your project, or leave --cwd out",
  });
}

/** Copies a project into a workspace, without files that hold credentials; those are named. */
export async function copyProject(
  host: Host,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const leftOut = await copyTree(from, to, bottleHome(host), {
    ...(signal === undefined ? {} : { signal }),
    leaveOut: isCredential,
  });
  if (holdsGitCredential(join(from, ".git/config"))) {
    host.log.warn(
      ".git/config holds a credential, and the agent can read it: git config --edit takes it out",
    );
  }
  if (leftOut.length === 0) return;
  const named = leftOut.slice(0, MOST_NAMED).map(printableLine).join(", ");
  const more = leftOut.length - MOST_NAMED;
  host.log.warn(
    `left out of the workspace, for they hold credentials: ${named}${
      more > 0 ? ` and ${more} more` : ""
    }`,
  );
}

function isCredential(path: string): boolean {
  if (projectCredentialPlace(path) !== undefined) return true;
  if (!path.endsWith("/.npmrc")) return false;
  try {
    // A link is copied as a link, whatever it leads to.
    return Deno.lstatSync(path).isFile && holdsNpmCredential(Deno.readTextFileSync(path));
  } catch {
    return true; // what cannot be read may hold one
  }
}

/** A password in the address of a remote, or a header that authorises (git-config(1), `http.extraHeader`). */
function holdsGitCredential(file: string): boolean {
  try {
    const text = Deno.readTextFileSync(file);
    return /:\/\/[^\s/@:]*:[^\s/@]+@|^\s*extraheader\s*=\s*["']?authorization:/im.test(text);
  } catch {
    return false; // no repository
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
