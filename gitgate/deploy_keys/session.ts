import { messageOf } from "../../core/errors.ts";
import { provisionerFor } from "./effects.ts";
import { revokeAll } from "./lifecycle.ts";
import {
  type DeployKeyDeps,
  type DeployKeyRepo,
  makeKey,
  planKey,
  type PlannedKey,
} from "./planned_key.ts";
import { type DeployKeyRecord, DeployKeyRecords } from "./records.ts";

export type { DeployKeyDeps, DeployKeyRepo } from "./planned_key.ts";

/** The deploy keys of a running bottle. Disposal removes the identity files and revokes the keys; it never rejects. */
export interface DeployKeySession extends AsyncDisposable {
  /** Path of the private key for a repository; undefined for one without a deploy key. */
  identityFile(repo: string): string | undefined;
}

/**
 * Makes a deploy key for each of `repos`, side by side. When one fails or `deps.signal` fires, those that were made are
 * revoked before this throws.
 *
 * @throws BottleError of the first repository, in the order given, whose key could not be made.
 */
export async function openDeployKeys(
  repos: readonly DeployKeyRepo[],
  deps: DeployKeyDeps,
): Promise<DeployKeySession> {
  // Everything that can be seen to be wrong is, before any forge hears of anything.
  const planned = repos.map((repo) => planKey(repo, deps));
  const records = new DeployKeyRecords(deps.recordFolder);
  const close = () => closeAll(planned, records, deps);
  const made = await Promise.allSettled(planned.map((one) => makeKey(one, records, deps)));
  const failure = made.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") {
    await close();
    throw failure.reason;
  }
  const identities = new Map(planned.map(({ repo, identity }) => [repo.name, identity]));
  let closed: Promise<void> | undefined;
  return {
    identityFile: (repo) => identities.get(repo),
    [Symbol.asyncDispose]: () => closed ??= close(),
  };
}

/** Identities first: they are of no use to anybody from here on. The caller's signal does not stop it. */
async function closeAll(
  planned: readonly PlannedKey[],
  records: DeployKeyRecords,
  deps: DeployKeyDeps,
): Promise<void> {
  for (const { identity } of planned) removeIdentity(identity, deps);
  const own = new Map(planned.map((one) => [one.nonce, one]));
  let left: readonly DeployKeyRecord[];
  try {
    left = records.read().records.filter(({ nonce }) => own.has(nonce));
  } catch (error) {
    deps.warn(`deploy keys are not revoked: their records cannot be read: ${messageOf(error)}`);
    return;
  }
  const revocations = await revokeAll(
    left,
    records,
    (record) => {
      const { account, repo } = own.get(record.nonce)!;
      return provisionerFor(account, repo.token, deps, deps.revokeBudget);
    },
    () => deps.clock.now(),
  );
  for (
    const { record: { repo, provider, title, fingerprint, key_id }, outcome, error } of revocations
  ) {
    const about = { repo, provider, title, fingerprint, key_id };
    const reason = outcome === "kept" ? messageOf(error) : undefined;
    try {
      deps.record(
        reason === undefined
          ? { type: "deploy_key_revoked", ...about, was_absent: outcome === "absent" }
          : { type: "deploy_key_left", ...about, reason },
      );
    } catch (failure) {
      deps.warn(`an event cannot be stored: ${messageOf(failure)}`);
    }
    if (reason !== undefined) deps.warn(`${reason}; bot-bottle cleanup tries again`);
  }
}

function removeIdentity(path: string, { warn }: DeployKeyDeps): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      warn(`the private key ${path} cannot be removed: ${messageOf(error)}`);
    }
  }
}
