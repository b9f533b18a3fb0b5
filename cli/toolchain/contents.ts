import { join } from "node:path/posix";
import { CONTENTS, isInstalled, type Toolchain } from "./folder.ts";
import { lookAt } from "./look.ts";

/** Notes how a toolchain looks now, for a look at each start; hashes take too long for that. */
export async function noteContents(folder: string): Promise<void> {
  const path = join(folder, CONTENTS);
  Deno.writeTextFileSync(path, await lookAt(folder));
  Deno.chmodSync(path, 0o644);
}

/** What was noted; "" when nothing was. */
export function notedContents(folder: string): string {
  try {
    return Deno.readTextFileSync(join(folder, CONTENTS));
  } catch {
    return "";
  }
}

/**
 * Whether a toolchain is there and looks as it was noted. A folder that was copied is not whole by this look; its
 * hashes tell.
 */
export async function isWhole({ folder }: Pick<Toolchain, "folder">): Promise<boolean> {
  if (!isInstalled({ folder })) return false;
  const look = await lookAt(folder);
  return look !== "" && look === notedContents(folder);
}
