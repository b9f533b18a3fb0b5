import type { Walls } from "./arguments.ts";

/** The walls around one copy. */
export interface CopyWalls {
  /** Folder with `home/` and `workspace/`; they are the agent's. */
  readonly from: string;
  /** Folder of the host's with an empty `home/` and `workspace/`. */
  readonly to: string;
  /** The agent's host uid when the host is root, else null. */
  readonly agentUid: number | null;
  readonly rootEntries: Walls["rootEntries"];
}

/** To read what the agent took its own permissions away from; within these walls there is nothing else. */
const READ_ALL = "CAP_DAC_OVERRIDE";
const STEP_DOWN = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];

/**
 * The arguments of bwrap up to the program; descriptor 3 is the seccomp program.
 *
 * Root's copy is made by the agent's own uid, so that owners need not be set; an ordinary user's in a user
 * namespace. /proc is there because chmod without following links needs it (glibc before 2.39).
 */
export function copyArguments({ from, to, agentUid, rootEntries }: CopyWalls): string[] {
  const capabilities = [...(agentUid === null ? [] : STEP_DOWN), READ_ALL];
  return [
    ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--unshare-net", "--die-with-parent", "--seccomp", "3"],
    ...(agentUid === null ? ["--unshare-user"] : ["--cap-drop", "ALL"]),
    ...capabilities.flatMap((capability) => ["--cap-add", capability]),
    ...["--ro-bind", "/usr", "/usr"],
    ...rootEntries.flatMap(({ path, link }) =>
      link === null ? ["--ro-bind", path, path] : ["--symlink", link, path]
    ),
    ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    ...["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--remount-ro", "/dev"],
    ...["--perms", "1777", "--size", "1048576", "--tmpfs", "/tmp"],
    ...["home", "workspace"].flatMap((part) => ["--ro-bind", `${from}/${part}`, `/from/${part}`]),
    ...["--bind", to, "/to", "--remount-ro", "/", "--chdir", "/", "--"],
    ...(agentUid === null ? [] : [
      "/usr/bin/setpriv",
      `--reuid=${agentUid}`,
      `--regid=${agentUid}`,
      "--clear-groups",
      ...["--inh-caps", "--ambient-caps", "--bounding-set"].map((set) =>
        `${set}=-all,+dac_override`
      ),
      "--no-new-privs",
      "--",
    ]),
  ];
}

/**
 * Runs in the walls. cp(1) keeps links as links, hard links, holes, modes and times, and shares the blocks where
 * the file system can (`--reflink=auto`). What is neither file, folder nor link goes: it would be a door.
 *
 * Arguments: names at the top of the home that are left out; letters, digits, dots, hyphens and underscores only.
 * Prints `status N` (cp's worst), `copied`, and `entries N`, `kib N`, `changed N`: files that were
 * written to since the copy began. A change cannot be hidden: no program sets a ctime.
 */
export const COPY_SCRIPT = `
: > /tmp/start || exit 1
top= deep="-path home/."
for name; do
  top="$top ! -name $name"
  deep="$deep -o -path home/$name"
done
set -f
worst=0
copy() {
  cd "/from/$1" || exit 1
  find . -mindepth 1 -maxdepth 1 $2 -print0 | xargs -0 -r cp -a --reflink=auto -t "/to/$1" -- || worst=$?
}
copy home "$top"
copy workspace
cd /to || exit 1
find home workspace ! -type f ! -type d ! -type l -exec rm -f {} + || worst=$?
echo "status $worst"
echo copied
echo "entries $(find home workspace -mindepth 1 -printf x | wc -c)"
echo "kib $(du -skc home workspace | tail -n 1 | cut -f 1)"
cd /from || exit 1
echo "changed $(find home workspace \\( $deep \\) -prune -o -type f -cnewer /tmp/start -printf x | wc -c)"
exec sync -f /to
`;
