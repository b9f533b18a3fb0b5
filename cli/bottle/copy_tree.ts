/** A symbolic link to make: what it says and where it stands. */
type Link = readonly [text: string, path: string];

/**
 * Copies what is in `from` into the existing folder `to`: files with mode and time, folders, symbolic links as
 * links. Sockets, pipes and devices are left out: they would be doors to the host.
 *
 * @param skip absolute path of a folder that is not copied (bot-bottle's own, which may stand below `from`).
 */
export async function copyTree(from: string, to: string, skip: string): Promise<void> {
  const links: Link[] = [];
  copyFolder(from, to, skip, links);
  await makeLinks(links);
}

function copyFolder(from: string, to: string, skip: string, links: Link[]): void {
  for (const { name } of Deno.readDirSync(from)) {
    const source = `${from === "/" ? "" : from}/${name}`;
    const target = `${to}/${name}`;
    if (source === skip) continue;
    const info = Deno.lstatSync(source);
    if (info.isSymlink) links.push([Deno.readLinkSync(source), target]);
    else if (info.isDirectory) {
      Deno.mkdirSync(target, { mode: 0o700 });
      copyFolder(source, target, skip, links);
      keepModeAndTime(target, info);
    } else if (info.isFile) {
      Deno.copyFileSync(source, target);
      keepModeAndTime(target, info);
    }
  }
}

function keepModeAndTime(target: string, { mode, atime, mtime }: Deno.FileInfo): void {
  // Without set-user-id and set-group-id.
  if (mode !== null) Deno.chmodSync(target, (mode & 0o777) | 0o200);
  if (atime !== null && mtime !== null) Deno.utimeSync(target, atime, mtime);
}

const LINK_SCRIPT = `while [ $# -gt 0 ]; do ln -s -- "$1" "$2" || exit 1; shift 2; done`;

/** Deno makes links only for a program that may write everywhere; ln(1) needs no such right. */
async function makeLinks(links: readonly Link[]): Promise<void> {
  for (let at = 0; at < links.length; at += 200) {
    const { success, stderr } = await new Deno.Command("/bin/sh", {
      args: ["-c", LINK_SCRIPT, "sh", ...links.slice(at, at + 200).flat()],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`Cannot copy links: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
