import { leftDeployKeys, REVOCATION_FILES } from "./deploy_keys.ts";
import { namesIn } from "./find_bottles.ts";
import type { BottleLayout } from "./layout.ts";

/**
 * Removes what a bottle that has ended needs no more: sockets, keys and configuration always, and the whole
 * state unless it is preserved (home, workspace, events and the record stay then). Records of deploy keys that are
 * still at a forge stay, with what is needed to reach it: nobody else would know of them.
 */
export function removeRunState(layout: BottleLayout, preserved: boolean): void {
  removeTree(layout.sockets);
  removeTree(`${layout.contract}/keys`);
  const keysLeft = leftDeployKeys(layout) > 0;
  if (!preserved) {
    removeHostileTree(layout.home);
    removeHostileTree(layout.workspace);
    removeHostileTree(`${layout.state}/snapshots`);
  }
  if (preserved || keysLeft) {
    removeTree(`${layout.contract}/queue`);
    for (const name of namesIn(`${layout.contract}/config`)) {
      if (keysLeft && REVOCATION_FILES.includes(`config/${name}`)) continue;
      removeTree(`${layout.contract}/config/${name}`);
    }
    if (!keysLeft) removeTree(`${layout.contract}/config`);
    return;
  }
  removeTree(layout.state);
}

/** Removes a file or folder of bot-bottle's own and everything below it; nothing when it is not there. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** rm(1) holds neither a descriptor nor a stack frame for each level; a bottle may also take its folders' permissions away. */
const REMOVE_SCRIPT =
  `rm -rf -- "$0" 2>/dev/null || { chmod -R u+rwX -- "$0"; exec rm -rf -- "$0"; }`;

/** Removes a folder that a bottle could write to: any depth, any permissions, links not followed. */
export function removeHostileTree(path: string): void {
  try {
    return Deno.removeSync(path); // nothing was written: no process is needed
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
  }
  const { success, stderr } = new Deno.Command("/bin/sh", {
    args: ["-c", REMOVE_SCRIPT, path],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().slice(0, 1000));
}
