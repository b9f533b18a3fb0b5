import { join } from "node:path/posix";

/** Milliseconds between two tries. */
const TRY_EVERY = 100;

/**
 * Waits until no other process installs into a folder, and keeps others from it until disposal. The system frees the
 * lock of a process that dies (flock(2)).
 *
 * @param onWait called once when somebody else has it.
 * @throws the signal's reason.
 */
export async function installerLock(
  parent: string,
  signal: AbortSignal | undefined,
  onWait: (() => void) | undefined,
): Promise<Disposable> {
  const file = Deno.openSync(join(parent, ".lock"), { create: true, write: true, mode: 0o600 });
  try {
    for (let turn = 0; !file.tryLockSync(true); turn++) {
      if (turn === 0) onWait?.();
      await new Promise((wake) => setTimeout(wake, TRY_EVERY));
      signal?.throwIfAborted();
    }
    return { [Symbol.dispose]: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}
