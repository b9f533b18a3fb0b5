/** What stands at a path, not following a symbolic link. */
export type EntryKind = "file" | "folder" | "symlink" | "other";

/** One name in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

/**
 * The part of the file system that manifests are read from. Paths are absolute POSIX paths.
 *
 * Absence is a value, so that a caller never guesses from an error; anything else that goes wrong
 * (no permission, an input/output error, bytes that are not UTF-8) rejects.
 */
export interface ManifestFiles {
  /**
   * The UTF-8 text of the file at `path`, symbolic links followed; undefined when nothing is there.
   * Rejects for anything that is not a regular file, and for a file larger than {@linkcode MAX_MANIFEST_BYTES}.
   */
  readText(path: string): Promise<string | undefined>;
  /** The names in the folder at `path`, in any order, links in `path` followed; undefined when it is not a folder. */
  listNames(path: string): Promise<readonly FolderEntry[] | undefined>;
  /** What stands at `path` itself (lstat); undefined when nothing does. */
  kindOf(path: string): Promise<EntryKind | undefined>;
  /** `path` with every symbolic link resolved; undefined when nothing is there. */
  realPath(path: string): Promise<string | undefined>;
}

/** Largest manifest that is read, in bytes. */
export const MAX_MANIFEST_BYTES = 4 << 20;
