import { fstatSync } from "node:fs";
import type { Writable } from "node:stream";

/**
 * Whether stdin must not be handed to a bottle as it is: a file could be opened again for writing through
 * /proc/self/fd (proc(5)), a folder is a way to everything above it. Pipes, sockets and terminals are neither.
 */
export function mustBePiped(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFile() || stat.isDirectory() || stat.isBlockDevice();
  } catch {
    return false; // closed
  }
}

/** Passes our stdin on until its end, or until the other side goes. */
export async function pipeStandardInput(to: Writable): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await Deno.stdin.read(buffer);
      if (count === null || to.destroyed) break;
      if (to.write(buffer.slice(0, count))) continue;
      await new Promise<void>((resolve) => {
        to.once("drain", resolve);
        to.once("close", resolve);
      });
    }
  } catch {
    // A folder: there is nothing to read.
  }
  to.end();
}
