import { BottleError, ExitCode } from "../core/errors.ts";
import { type DeskBottle, deskPath } from "./bottle_desk.ts";

/** Milliseconds that one process waits for another that changes the same bottle, which takes a few. */
const PATIENCE = 5_000;

/**
 * Makes this process the one that answers and changes for a bottle; the system takes the lock back when it ends.
 *
 * @throws BottleError `desk_busy` when another process keeps it, `desk_failed` when there can be no lock.
 */
export async function lockDesk(bottle: DeskBottle): Promise<Disposable> {
  const file = openLock(bottle);
  try {
    const start = performance.now();
    while (!file.tryLockSync(true)) {
      if (performance.now() - start > PATIENCE) {
        throw new BottleError(`Cannot change bottle ${bottle.slug}: another process is at it`, {
          code: "desk_busy",
          exit: ExitCode.refused,
          hint: "try again; end a desk that hangs",
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

function openLock(bottle: DeskBottle): Deno.FsFile {
  try {
    Deno.mkdirSync(deskPath.folder(bottle), { recursive: true, mode: 0o700 });
    return Deno.openSync(deskPath.lock(bottle), { write: true, create: true, mode: 0o600 });
  } catch (cause) {
    throw new BottleError(`Cannot change bottle ${bottle.slug}: ${String(cause)}`, {
      code: "desk_failed",
      hint: "free some disk space, or look at the permissions of its state folder",
      cause,
    });
  }
}
