import type { BottleLayout } from "./layout.ts";

/**
 * Removes what a bottle that has ended needs no more: sockets, keys and configuration always, and the whole
 * state unless it is preserved (home, workspace, events and the record stay then).
 */
export function removeRunState(layout: BottleLayout, preserved: boolean): void {
  removeTree(layout.sockets);
  if (preserved) {
    removeTree(`${layout.contract}/config`);
    removeTree(`${layout.contract}/queue`);
  } else removeTree(layout.state);
}

/** Removes a file or folder and everything below it, links not followed; nothing when it is not there. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    // A bottle may have taken the permissions of its own folders away.
    openFolders(path);
    Deno.removeSync(path, { recursive: true });
  }
}

function openFolders(path: string): void {
  if (!Deno.lstatSync(path).isDirectory) return;
  Deno.chmodSync(path, 0o700);
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    if (isDirectory) openFolders(`${path}/${name}`);
  }
}
