import { BottleError, ExitCode } from "../../core/errors.ts";
import type { BottleLayout } from "./layout.ts";

/** The right to run one bottle; released by disposal, and by the system when this process ends. */
export type Claim = Disposable;

/**
 * Takes a slug for this process and makes its folders.
 *
 * @param fresh whether the slug must be unused; otherwise a preserved bottle is taken up again.
 * @throws BottleError `slug_taken` when it is in use, or exists and `fresh` is set.
 */
export function claimBottle(layout: BottleLayout, slug: string, fresh: boolean): Claim {
  Deno.mkdirSync(layout.state.slice(0, layout.state.lastIndexOf("/")), {
    recursive: true,
    mode: 0o700,
  });
  try {
    Deno.mkdirSync(layout.state, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (fresh) {
      const hint = `choose another --label, or go on with it: bot-bottle resume ${slug}`;
      throw taken(slug, "a bottle of that name exists", hint);
    }
  }
  const lock = Deno.openSync(layout.lock, { create: true, write: true, mode: 0o600 });
  if (!lock.tryLockSync(true)) {
    lock.close();
    throw taken(
      slug,
      "it is running",
      fresh ? "choose another --label, or end the running one" : "end the running one first",
    );
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** Whether some process holds the bottle's claim. */
export function isClaimed(layout: BottleLayout): boolean {
  let lock: Deno.FsFile;
  try {
    lock = Deno.openSync(layout.lock, { read: true });
  } catch {
    return false;
  }
  try {
    return !lock.tryLockSync(false);
  } finally {
    lock.close(); // gives a lock that was free back
  }
}

function taken(slug: string, reason: string, hint: string): BottleError {
  return new BottleError(`Cannot start bottle ${slug}: ${reason}`, {
    code: "slug_taken",
    exit: ExitCode.usage,
    hint,
  });
}
