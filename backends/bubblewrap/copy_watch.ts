import type { SnapshotRequest } from "../backend.ts";
import { judgeDisk } from "./disk_watch.ts";
import type { HostShell } from "./host_shell.ts";

/** What ends a copy before its time. */
export interface CopyBounds {
  /** Bytes that stay free on the host's disk. */
  readonly freeFloorBytes: number;
  /** Milliseconds in which something must have been copied. */
  readonly patience: number;
}

/** Bytes that a copy may hold beyond twice what was there when it began: an agent goes on writing. */
const ROOM = 1024 ** 3;

/** Free blocks, their size, all files and free files (stat(1)); then the target's size in KiB and its number of entries. */
const LOOK_SCRIPT = `
stat -f -c '%a %S %c %d' "$1"
du -skx "$1" 2>/dev/null | cut -f 1
du -sx --inodes "$1" 2>/dev/null | cut -f 1
`;

const SIZE_SCRIPT = `du -skxc "$@" 2>/dev/null | tail -n 1 | cut -f 1`;

/** Why a copy must end, if it must. Sizes in bytes; `still` is for how many milliseconds nothing was copied. */
export function judgeCopy(
  look: { free: number; freeFiles: number; used: number; still: number },
  most: number,
  { freeFloorBytes, patience }: CopyBounds,
): string | undefined {
  const disk = judgeDisk({ ...look, used: 0 }, 0, freeFloorBytes);
  if (disk !== undefined) return disk;
  if (look.used > most) {
    return `it has grown to ${
      Math.floor(look.used / 1024 ** 2)
    } MiB, far more than there was when it began`;
  }
  if (look.still > patience) return `nothing was copied for ${Math.floor(look.still / 1000)} s`;
  return undefined;
}

/**
 * Watches a copy until disposed: tells how far it is, and calls `onProblem` when it must end. An agent could
 * otherwise make it endless, with a pipe in a file's place or with folders made faster than they are copied.
 */
export function watchCopy(
  shell: HostShell,
  { from, to, onProgress }: SnapshotRequest,
  bounds: CopyBounds,
  { onProblem, isCopying }: { onProblem(reason: string): void; isCopying(): boolean },
): Disposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let most = Infinity;
  let last = "";
  let lastAt = performance.now();
  const look = async () => {
    const start = performance.now();
    const { stdout } = await shell(LOOK_SCRIPT, to);
    if (ended) return;
    const [space, kib, entries] = stdout.trim().split("\n");
    const [blocks, size, files, freeFiles] = (space ?? "").split(" ").map(Number);
    const used = Number(kib) * 1024;
    const now = performance.now();
    const state = `${kib} ${entries}`;
    if (state !== last || !isCopying()) [last, lastAt] = [state, now];
    onProgress?.(used);
    const free = (blocks ?? NaN) * (size ?? NaN);
    const problem = judgeCopy(
      {
        free: Number.isFinite(free) ? free : Infinity,
        freeFiles: files ? freeFiles! : Infinity,
        used,
        still: now - lastAt,
      },
      most,
      bounds,
    );
    if (problem !== undefined) return onProblem(problem);
    timer = setTimeout(() => void look(), Math.max(1000, (now - start) * 9));
  };
  timer = setTimeout(() => {
    // A copy that took less than a moment needs none of this.
    void shell(SIZE_SCRIPT, `${from}/home`, `${from}/workspace`).then(({ stdout }) => {
      const kib = Number(stdout.trim());
      if (stdout.trim() !== "" && Number.isFinite(kib)) most = 2 * kib * 1024 + ROOM;
    });
    void look();
  }, 300);
  return {
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
