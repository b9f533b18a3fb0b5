import type { HostShell } from "./host_shell.ts";

/** What a disk watch found wrong, or undefined. */
export type DiskVerdict = string | undefined;

/** Bytes free on the file system and bytes used below the folders. */
export interface DiskUse {
  readonly free: number;
  readonly used: number;
}

/** Says why a bottle must end, if it must. */
export function judgeDisk(use: DiskUse, limit: number, floor: number): DiskVerdict {
  if (use.free < floor) {
    return `the host has ${mebibytes(use.free)} MiB of disk left, less than the floor of ${
      mebibytes(floor)
    } MiB`;
  }
  if (use.used > limit) {
    return `home and workspace hold ${mebibytes(use.used)} MiB, more than the limit of ${
      mebibytes(limit)
    } MiB`;
  }
  return undefined;
}

const mebibytes = (bytes: number) => Math.floor(bytes / 1024 / 1024);

/** df's and du's totals in KiB: one line each. Files of others that vanish meanwhile are no error. */
const DISK_SCRIPT = `
df -Pk "$1" | { read -r _; read -r _ _ _ free _; echo "$free"; }
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
    const [free, total] = stdout.trim().split("\n").map((line) => Number(line) * 1024);
    if (counting) {
      const took = performance.now() - start;
      nextCount = performance.now() + Math.max(1000, took * 9);
      if (total !== undefined && Number.isFinite(total)) used = total;
    }
    if (ended) return;
    const verdict = free === undefined || !Number.isFinite(free)
      ? undefined
      : judgeDisk({ free, used }, limit, floor);
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
