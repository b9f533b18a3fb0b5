import type { CertifiedKey } from "../../core/certificate.ts";
import { replaceFile } from "../../sys/atomic_file.ts";

/** A spare older than this is not used, in milliseconds: an authority is good for 90 days from when it was made. */
const SPARE_AGE = 7 * 86_400_000;

/**
 * A certificate authority that no other bottle has: the spare that an earlier start left, else a new one. Loading
 * what makes one takes 20 ms, so the next bottle's is made when nobody waits for it.
 *
 * @param home bot-bottle's folder; the spare is `spare-ca.json` in it, readable by its owner alone.
 */
export async function takeAuthority(home: string, now: Date): Promise<CertifiedKey> {
  return takeSpare(home, now) ?? await make(now);
}

/** Leaves a spare for the next bottle. A spare is a convenience: failing to leave one is no error. */
export async function leaveSpare(home: string, now: Date): Promise<void> {
  try {
    replaceFile(sparePath(home), JSON.stringify(await make(now)), 0o600, { durable: false });
  } catch { /* the next start makes its own */ }
}

async function make(now: Date): Promise<CertifiedKey> {
  const { createAuthority } = await import("../../core/certificate.ts");
  return createAuthority(`bot-bottle CA ${crypto.randomUUID().slice(0, 8)}`, now);
}

function takeSpare(home: string, now: Date): CertifiedKey | undefined {
  const mine = `${sparePath(home)}.${crypto.randomUUID()}`;
  try {
    // Whoever renames it has it: two starts at once never share one.
    Deno.renameSync(sparePath(home), mine);
  } catch {
    return undefined;
  }
  try {
    const { mtime } = Deno.statSync(mine);
    const age = now.getTime() - (mtime?.getTime() ?? 0);
    const spare = JSON.parse(Deno.readTextFileSync(mine)) as Partial<CertifiedKey>;
    const { certificate, key } = spare;
    if (Math.abs(age) > SPARE_AGE) return undefined;
    if (typeof certificate !== "string" || typeof key !== "string") return undefined;
    return { certificate, key };
  } catch {
    return undefined; // cut off by a crash
  } finally {
    Deno.removeSync(mine);
  }
}

function sparePath(home: string): string {
  return `${home}/spare-ca.json`;
}
