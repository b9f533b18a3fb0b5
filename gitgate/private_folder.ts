import { BottleError } from "../core/errors.ts";

/**
 * Makes sure that `path` is a folder of this user that nobody else can enter.
 *
 * @throws BottleError `gate_folder` when it is somebody else's, a link, or open to others.
 */
export function privateFolder(path: string): void {
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  const { isDirectory, mode, uid } = Deno.lstatSync(path);
  if (!isDirectory || uid !== ownUid(path) || ((mode ?? 0) & 0o077) !== 0) {
    throw new BottleError(`Cannot use ${path} for the git-gate: it is not a private folder`, {
      code: "gate_folder",
      hint: `chmod 700 ${path}, or remove it; it is made anew`,
    });
  }
}

/** The user that we make files as; asking the system for it needs a permission of its own. */
function ownUid(folder: string): number | null {
  const probe = `${folder}/.${crypto.randomUUID()}`;
  Deno.mkdirSync(probe, { mode: 0o700 });
  try {
    return Deno.lstatSync(probe).uid;
  } finally {
    Deno.removeSync(probe);
  }
}
