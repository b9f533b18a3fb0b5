import { BottleError } from "../core/errors.ts";
import {
  type EntryKind,
  type FolderEntry,
  type ManifestFiles,
  MAX_MANIFEST_BYTES,
} from "../manifest/files.ts";

/** The machine's file system, as far as the permissions reach. */
export const hostFiles: ManifestFiles = {
  readText: (path) =>
    orAbsent(path, async () => {
      const info = await Deno.stat(path);
      if (!info.isFile) throw new TypeError(`Cannot read ${path}: it is not a regular file`);
      if (info.size > MAX_MANIFEST_BYTES) {
        throw new RangeError(`Cannot read ${path}: it is larger than ${MAX_MANIFEST_BYTES} bytes`);
      }
      return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
    }),
  listNames: (path) =>
    orAbsent(path, async () => {
      const entries: FolderEntry[] = [];
      try {
        for await (const entry of Deno.readDir(path)) {
          entries.push({ name: entry.name, kind: kindOf(entry) });
        }
      } catch (error) {
        if (error instanceof Deno.errors.NotADirectory) return undefined;
        throw error;
      }
      return entries;
    }),
  kindOf: (path) => orAbsent(path, async () => kindOf(await Deno.lstat(path))),
  realPath: (path) => orAbsent(path, () => Deno.realPath(path)),
};

function kindOf(
  entry: { isFile: boolean; isDirectory: boolean; isSymlink: boolean },
): EntryKind {
  if (entry.isSymlink) return "symlink";
  if (entry.isDirectory) return "folder";
  return entry.isFile ? "file" : "other";
}

async function orAbsent<Value>(
  path: string,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined; // a part of the path is a file
    if (error instanceof Deno.errors.NotCapable) {
      throw new BottleError(`Cannot read ${path}: it is outside the folders bot-bottle may read`, {
        code: "not_permitted",
        hint: `name its folder in BOT_BOTTLE_READ, or keep it below your home folder`,
        cause: error,
      });
    }
    throw error;
  }
}
