/** A folder or file of the host that the bottle sees. */
export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly writable: boolean;
}

/** Everything that bwrap is told; see bwrap(1). */
export interface Walls {
  readonly slug: string;
  /** True when the host is root: the user map is written from outside, with the agent on an unprivileged uid. */
  readonly mappedByHost: boolean;
  /** `/bin` and its kind: a symbolic link's target, or null for a folder of its own. */
  readonly rootEntries: readonly { readonly path: string; readonly link: string | null }[];
  readonly binds: readonly Bind[];
  readonly tmpBytes: number;
  readonly cwd: string;
}

/** Capabilities that the first program needs to become the agent; it drops all of them before anything else runs. */
const STEP_DOWN = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];

const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * The arguments of bwrap, without the command; none of them is a secret, yet all go through `--args`.
 *
 * No `--new-session`: the caller's terminal stays the controlling one; TIOCSTI is refused by the seccomp program.
 */
export function bwrapArguments(walls: Walls): string[] {
  return [
    ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"],
    ...["--unshare-cgroup-try", "--unshare-net", "--die-with-parent"],
    ...["--hostname", walls.slug],
    ...["--seccomp", "4", "--info-fd", "7"],
    ...(walls.mappedByHost
      ? ["--userns-block-fd", "8", ...STEP_DOWN.flatMap((cap) => ["--cap-add", cap])]
      : ["--uid", "1000", "--gid", "1000"]),
    ...["--ro-bind", "/usr", "/usr"],
    ...walls.rootEntries.flatMap(({ path, link }) =>
      link === null ? ["--ro-bind", path, path] : ["--symlink", link, path]
    ),
    ...["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"],
    ...["--dev", "/dev", "--perms", "1777", "--size", String(SHARED_MEMORY_BYTES)],
    ...["--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ...["--perms", "1777", "--size", String(walls.tmpBytes), "--tmpfs", "/tmp"],
    ...["--dir", "/var", "--symlink", "/tmp", "/var/tmp"],
    ...parentsOf(walls.binds).flatMap((folder) => ["--dir", folder]),
    ...walls.binds.flatMap(({ from, to, writable }) => [
      writable ? "--bind" : "--ro-bind",
      from,
      to,
    ]),
    ...["--chdir", walls.cwd],
  ];
}

/** Folders above the binds, outermost first: left to bwrap, they would take the mode of what is bound below them. */
function parentsOf(binds: readonly Bind[]): string[] {
  const parents = new Set<string>();
  for (const { to } of binds) {
    if (to.startsWith("/etc/") || to.startsWith("/opt/bot-bottle/")) continue; // inside another bind
    for (let at = to.indexOf("/", 1); at > 0; at = to.indexOf("/", at + 1)) {
      parents.add(to.slice(0, at));
    }
  }
  return [...parents];
}

/** The words of a command as a shell script that makes them its arguments. */
export function commandScript(argv: readonly string[]): string {
  return `set -- ${argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ")}\n`;
}
