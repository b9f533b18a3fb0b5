import { dirname, join, normalize } from "node:path/posix";
import type { EntryKind, FolderEntry, ManifestFiles } from "./files.ts";

/** A file system in memory, for tests: keys are absolute paths, a `{link}` is a symbolic link. */
export type MemoryTree = Readonly<Record<string, string | { readonly link: string }>>;

/** What a {@linkcode memoryFiles} was asked for, in order. */
export interface AccessLog {
  readonly read: string[];
  readonly listed: string[];
}

/** A {@linkcode ManifestFiles} over `tree`. `log` collects every file that was opened and every folder listed. */
export function memoryFiles(tree: MemoryTree, log?: AccessLog): ManifestFiles {
  const kindAt = (path: string): EntryKind | undefined => {
    const entry = tree[path];
    if (entry !== undefined) return typeof entry === "string" ? "file" : "symlink";
    const inside = path === "/" ? "/" : `${path}/`;
    return Object.keys(tree).some((key) => key.startsWith(inside)) ? "folder" : undefined;
  };
  const resolve = (path: string, depth = 0): string | undefined => {
    if (depth > 40) return undefined;
    let at = "/";
    for (const step of normalize(path).split("/").filter((part) => part !== "")) {
      const next = join(at, step);
      const entry = tree[next];
      const real = typeof entry === "object"
        ? resolve(entry.link.startsWith("/") ? entry.link : join(at, entry.link), depth + 1)
        : kindAt(next) === undefined
        ? undefined
        : next;
      if (real === undefined) return undefined;
      at = real;
    }
    return at;
  };
  return {
    readText(path) {
      log?.read.push(path);
      const entry = tree[resolve(path) ?? ""];
      return Promise.resolve(typeof entry === "string" ? entry : undefined);
    },
    listNames(path) {
      log?.listed.push(path);
      const real = resolve(path);
      if (real === undefined || kindAt(real) !== "folder") return Promise.resolve(undefined);
      const inside = real === "/" ? "/" : `${real}/`;
      const names = new Set(
        Object.keys(tree).filter((key) => key.startsWith(inside))
          .map((key) => key.slice(inside.length).split("/")[0]!),
      );
      return Promise.resolve(
        [...names].map((name): FolderEntry => ({ name, kind: kindAt(join(real, name))! })),
      );
    },
    kindOf(path) {
      const parent = resolve(dirname(path));
      const name = normalize(path).split("/").pop() ?? "";
      return Promise.resolve(parent === undefined ? undefined : kindAt(join(parent, name)));
    },
    realPath: (path) => Promise.resolve(resolve(path)),
  };
}
