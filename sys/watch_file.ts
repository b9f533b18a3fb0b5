import { basename, dirname } from "node:path";

/** How {@linkcode watchFile} looks. */
export interface WatchOptions {
  /** Milliseconds between two looks when the system reports nothing; 1000 unless given. */
  readonly pollMs?: number;
}

/**
 * Calls `onChange` after each replacement or edit of one file, and when it appears or goes.
 *
 * The folder is watched, since a replaced file is a new inode; a poll runs beside it because watches are
 * limited (inotify) and silent on some mounts. Changes that fall together are reported once.
 */
export function watchFile(
  path: string,
  onChange: () => void,
  options: WatchOptions = {},
): Disposable {
  let seen = signature(path);
  const look = () => {
    const now = signature(path);
    if (now === seen) return;
    seen = now;
    onChange();
  };
  const timer = setInterval(look, options.pollMs ?? 1000);
  const watcher = openWatcher(dirname(path));
  if (watcher !== undefined) void follow(watcher, basename(path), look);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      watcher?.close();
    },
  };
}

async function follow(watcher: Deno.FsWatcher, name: string, look: () => void): Promise<void> {
  try {
    for await (const event of watcher) {
      if (event.paths.some((changed) => basename(changed) === name)) look();
    }
  } catch { /* the watch was lost; the poll goes on */ }
}

function openWatcher(folder: string): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(folder, { recursive: false });
  } catch {
    return undefined; // no inotify instance left, or a folder that cannot be watched
  }
}

function signature(path: string): string {
  try {
    const { ino, size, mtime, ctime } = Deno.statSync(path);
    return `${ino}:${size}:${mtime?.getTime()}:${ctime?.getTime()}`;
  } catch {
    return "absent";
  }
}
