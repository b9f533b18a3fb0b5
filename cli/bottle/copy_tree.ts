/**
 * Copies what is in `from` into the existing folder `to`: files with mode and time, folders, symbolic links as
 * links. Sockets, pipes and devices are left out: they would be doors to the host.
 *
 * @param skip absolute path of a folder that is not copied (bot-bottle's own, which may stand below `from`).
 */
export function copyTree(from: string, to: string, skip: string): void {
  for (const { name } of Deno.readDirSync(from)) {
    const source = `${from === "/" ? "" : from}/${name}`;
    const target = `${to}/${name}`;
    if (source === skip) continue;
    const info = Deno.lstatSync(source);
    if (info.isSymlink) Deno.symlinkSync(Deno.readLinkSync(source), target);
    else if (info.isDirectory) {
      Deno.mkdirSync(target, { mode: 0o700 });
      copyTree(source, target, skip);
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
