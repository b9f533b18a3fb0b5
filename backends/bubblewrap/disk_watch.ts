import type { HostShell } from "./host_shell.ts";

/** What a disk watch found wrong, or undefined. */
export type DiskVerdict = string | undefined;

/** Bytes and files that the file system has left, and bytes used below the folders. */
export interface DiskUse {
  readonly free: number;
  /** Infinity where the file system has no such limit. */
  readonly freeFiles: number;
  readonly used: number;
}

/** Files that stay free on the host's disk: empty ones take no byte, and the last of them stops everybody. */
const FREE_FILES_FLOOR = 10_000;

/** Says why a bottle must end, if it must. */
export function judgeDisk(use: DiskUse, limit: number, floor: number): DiskVerdict {
  if (use.free < floor) {
    return `the host has ${mebibytes(use.free)} MiB of disk left, less than the floor of ${
      mebibytes(floor)
    } MiB`;
  }
  if (use.freeFiles < FREE_FILES_FLOOR) {
    return `the host's disk has room for ${use.freeFiles} files more, less than the floor of ${FREE_FILES_FLOOR}`;
  }
  if (use.used > limit) {
    return `home and workspace hold ${mebibytes(use.used)} MiB, more than the limit of ${
      mebibytes(limit)
    } MiB`;
  }
  return undefined;
}

const mebibytes = (bytes: number) => Math.floor(bytes / 1024 / 1024);

/** Free blocks, their size, all files and free files (stat(1)); then du's total in KiB. Files that vanish meanwhile are no error. */
const DISK_SCRIPT = `
stat -f -c '%a %S %c %d' "$1"
shift
[ $# -eq 0 ] || du -skxc "$@" 2>/dev/null | { while read -r kib name; do
  [ "$name" = total ] && echo "$kib"; done; }
`;

/**
 * Watches a bottle's folders until disposed, and calls `onFull` once with the reason.
 *
 * Free space is looked at every second; counting the folders takes at most a tenth of the time.
 */
export function watchDisk(
  shell: HostShell,
  folders: readonly string[],
  limit: number,
  floor: number,
  onFull: (reason: string) => void,
): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let nextCount = 0;
  let used = 0;
  let ended = false;
  const look = async () => {
    const start = performance.now();
    const counting = start >= nextCount;
    const { stdout } = await shell(DISK_SCRIPT, folders[0]!, ...(counting ? folders : []));
    const [space, kib] = stdout.trim().split("\n");
    const [blocks, size, files, freeFiles] = (space ?? "").split(" ").map(Number);
    const total = Number(kib) * 1024;
    if (counting) {
      const took = performance.now() - start;
      nextCount = performance.now() + Math.max(1000, took * 9);
      if (Number.isFinite(total)) used = total;
    }
    if (ended) return;
    const free = (blocks ?? NaN) * (size ?? NaN);
    const verdict = Number.isFinite(free)
      // btrfs and others make files as they are needed, and say 0 of 0.
      ? judgeDisk({ free, freeFiles: files ? freeFiles! : Infinity, used }, limit, floor)
      : undefined;
    if (verdict !== undefined) onFull(verdict);
    else timer = setTimeout(() => void look(), 1000);
  };
  timer = setTimeout(() => void look(), 1000);
  return {
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
