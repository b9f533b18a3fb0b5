import { join } from "node:path/posix";
import { isInstalled, type Toolchain } from "./folder.ts";

/** A list of the folder's files with size and time of change, for a look at each start; hashes take too long for that. */
export const CONTENTS = "CONTENTS";

/** Notes how the files of a toolchain are now: `size milliseconds path`, one a line. */
export function noteContents(folder: string, files: readonly string[]): void {
  const lines = files.map((name) => `${stamp(join(folder, name))} ${name}\n`);
  Deno.writeTextFileSync(join(folder, CONTENTS), lines.join(""));
}

/**
 * Whether a toolchain is there and each of its files has the size and the time that were noted. A folder that was
 * copied with other times is not whole by this look; its hashes tell.
 */
export function isWhole(toolchain: Pick<Toolchain, "folder">): boolean {
  if (!isInstalled(toolchain)) return false;
  const { folder } = toolchain;
  const lines = contentLines(folder);
  return lines.length > 0 && lines.every((line) => {
    const [size, time, ...name] = line.split(" ");
    return stamp(join(folder, name.join(" "))) === `${size} ${time}`;
  });
}

function contentLines(folder: string): string[] {
  try {
    return Deno.readTextFileSync(join(folder, CONTENTS)).trimEnd().split("\n");
  } catch {
    return [];
  }
}

/** Size and time of change of a file; undefined when it is none. */
function stamp(path: string): string | undefined {
  try {
    const { isFile, size, mtime } = Deno.lstatSync(path);
    return isFile ? `${size} ${mtime?.getTime()}` : undefined;
  } catch {
    return undefined;
  }
}
