/** How {@linkcode replaceFile} writes. */
export interface ReplaceOptions {
  /** Whether the bytes reach the disk before the file takes its name; true unless given. */
  readonly durable?: boolean;
}

/**
 * Replaces a file in one step: a temporary file beside it is written, synced and renamed over it, so that a
 * reader sees the old or the new content and never a part. The folder must exist.
 *
 * @param mode permission bits of the new file, such as 0o600; the process's umask does not loosen or tighten them.
 * @throws Deno.errors.* of the failing call; the temporary file is removed then.
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  mode: number,
  options: ReplaceOptions = {},
): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const durable = options.durable ?? true;
  const temporary = `${path}.${Deno.pid}-${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    {
      // createNew refuses a file or link that someone else put there.
      using file = Deno.openSync(temporary, { write: true, createNew: true, mode: mode & 0o600 });
      writeFully(file, bytes);
      if ((mode & 0o600) !== mode) Deno.chmodSync(temporary, mode);
      if (durable) file.syncSync();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch { /* it was never made, or already renamed */ }
    throw error;
  }
  if (durable) syncFolder(path.slice(0, path.lastIndexOf("/")) || ".");
}

/** Writes every byte; one write call may take fewer. */
export function writeFully(file: Deno.FsFile, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
}

/** Makes a rename in `folder` durable (fsync(2): a file's own sync does not cover its directory entry). */
function syncFolder(folder: string): void {
  const handle = Deno.openSync(folder, { read: true });
  try {
    handle.syncSync();
  } catch {
    /* some file systems cannot sync a directory; the rename itself has happened */
  } finally {
    handle.close();
  }
}
