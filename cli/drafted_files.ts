import { basename, dirname } from "node:path/posix";
import { BottleError } from "../core/errors.ts";
import type { ManifestFiles } from "../manifest/files.ts";

/**
 * Files as they would be with some texts in place: what is read there is the draft, everything else is as it is.
 * So a manifest is judged by the very loader that a start would use, before it is written.
 *
 * @param drafts texts by absolute path.
 */
export function draftedFiles(
  files: ManifestFiles,
  drafts: Readonly<Record<string, string>>,
): ManifestFiles {
  const paths = Object.keys(drafts);
  const isFolder = (path: string) => paths.some((each) => each.startsWith(`${path}/`));
  return {
    readText: (path) =>
      Object.hasOwn(drafts, path) ? Promise.resolve(drafts[path]) : files.readText(path),
    async listNames(path) {
      const there = await files.listNames(path);
      const added = paths.filter((each) => dirname(each) === path).map((each) => basename(each));
      if (there === undefined && !isFolder(path)) return undefined;
      return [
        ...(there ?? []),
        ...added.filter((name) => !there?.some((entry) => entry.name === name))
          .map((name) => ({ name, kind: "file" as const })),
      ];
    },
    async kindOf(path) {
      return await files.kindOf(path) ??
        (Object.hasOwn(drafts, path) ? "file" : isFolder(path) ? "folder" : undefined);
    },
    async realPath(path) {
      const real = await files.realPath(path);
      if (real !== undefined) return real;
      if (!Object.hasOwn(drafts, path) && !isFolder(path)) return undefined;
      const folder = await readable(this.realPath(dirname(path)));
      return `${folder ?? dirname(path)}/${basename(path)}`;
    },
  };
}

/** A folder above bot-bottle's own may be none that it may look at; the launcher has followed its links already. */
async function readable(path: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await path;
  } catch (error) {
    if (error instanceof BottleError && error.code === "not_permitted") return undefined;
    throw error;
  }
}
