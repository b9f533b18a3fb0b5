import { createHash } from "node:crypto";
import { join } from "node:path/posix";

/** Lines of `sha256sum` for these files of `folder`; names that it would escape are refused by throwing. */
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

/** Hashes by name from lines of `sha256sum`. */
export function parseChecksums(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

/** Hash of a file; throws when it cannot be read. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await Deno.open(path, { read: true });
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}
