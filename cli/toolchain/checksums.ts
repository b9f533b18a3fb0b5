import { createHash } from "node:crypto";
import { join } from "node:path/posix";

/** Files below `folder`, relative and sorted; links and everything else that is no file are named in `odd`. */
export function filesBelow(folder: string): { files: string[]; odd: string[] } {
  const files: string[] = [];
  const odd: string[] = [];
  const folders = [""];
  while (folders.length > 0) {
    const at = folders.pop()!;
    for (const { name, isDirectory, isFile } of Deno.readDirSync(join(folder, at))) {
      const path = at === "" ? name : `${at}/${name}`;
      if (isDirectory) folders.push(path);
      else (isFile ? files : odd).push(path);
    }
  }
  return { files: files.sort(), odd: odd.sort() };
}

/** Lines of `sha256sum` for these files of `folder`; names with a newline are refused by throwing. */
export async function checksumLines(
  folder: string,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  let text = "";
  for (const name of files) {
    signal?.throwIfAborted();
    if (name.includes("\n") || name.includes("\\")) throw new Error(`odd file name ${name}`);
    text += `${await sha256(join(folder, name))}  ${name}\n`;
  }
  return text;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await Deno.open(path, { read: true });
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}
