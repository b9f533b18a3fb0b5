import type { DeployKeyProvisioner } from "./deploy_key.ts";
import { DeployKeyError } from "./deploy_key_error.ts";
import type { DeployKeyRecord, DeployKeyRecords } from "./records.ts";

/**
 * How long a forge may still be busy with a request whose answer was lost, in milliseconds. Before that, a key that
 * cannot be found is not known to be absent. The longest that a forge lets a request run by default is 60 s (GitLab).
 */
export const SETTLED_AFTER = 120_000;

/**
 * Creates the key of a record that was not written before. The record is on the disk before the forge hears of the key,
 * and stays when this throws, unless the forge certainly has no such key: whatever crashes, there is no key without a
 * record.
 *
 * @returns the record as it is now on the disk, with the forge's id.
 * @throws DeployKeyError, or Deno.errors.* when the record cannot be written.
 */
export async function provision(
  record: DeployKeyRecord,
  records: DeployKeyRecords,
  provisioner: DeployKeyProvisioner,
  signal?: AbortSignal,
): Promise<DeployKeyRecord & { readonly key_id: number }> {
  records.write(record);
  const { repo: name, project, title, public_key } = record;
  try {
    const { id } = await provisioner.ensure({ name, project }, title, public_key, signal);
    const provisioned = { ...record, key_id: id };
    records.write(provisioned);
    return provisioned;
  } catch (error) {
    if (error instanceof DeployKeyError && !error.mayExist) records.remove(record);
    throw error;
  }
}

/**
 * Revokes the key of a record, then removes the record. A key that the forge no longer knows counts as revoked.
 *
 * @throws DeployKeyError; the record stays then. `deploy_key_unsettled` when the creation was so recent that the key may
 * still appear.
 */
export async function revokeRecord(
  record: DeployKeyRecord,
  records: DeployKeyRecords,
  provisioner: DeployKeyProvisioner,
  now: Date,
  signal?: AbortSignal,
): Promise<"revoked" | "absent"> {
  const { repo: name, project, public_key: publicKey } = record;
  const repo = { name, project };
  const id = record.key_id ?? (await provisioner.find(repo, { publicKey }, signal))?.id;
  if (id === undefined && now.getTime() - Date.parse(record.created_at) < SETTLED_AFTER) {
    throw new DeployKeyError(
      `Cannot tell whether repository ${name} has deploy key "${record.title}": its creation was cut off just now`,
      {
        code: "deploy_key_unsettled",
        hint: `run bot-bottle cleanup in ${SETTLED_AFTER / 60_000} minutes`,
        mayExist: true,
      },
    );
  }
  const outcome = id === undefined ? "absent" : await provisioner.revoke(repo, id, signal);
  records.remove(record);
  return outcome;
}

/** What came of one record. */
export interface Revocation {
  readonly record: DeployKeyRecord;
  /** `kept`: the record stays, `error` says why. */
  readonly outcome: "revoked" | "absent" | "kept";
  readonly error?: unknown;
}

/**
 * Revokes the keys of several records at once; one that fails does not keep the others. Never rejects.
 *
 * @param provisionerOf throws when there is no token or no such forge; the record is kept then.
 */
export function revokeAll(
  revoked: readonly DeployKeyRecord[],
  records: DeployKeyRecords,
  provisionerOf: (record: DeployKeyRecord) => DeployKeyProvisioner,
  now: () => Date,
  signal?: AbortSignal,
): Promise<readonly Revocation[]> {
  return Promise.all(revoked.map(async (record): Promise<Revocation> => {
    try {
      const provisioner = provisionerOf(record);
      return { record, outcome: await revokeRecord(record, records, provisioner, now(), signal) };
    } catch (error) {
      return { record, outcome: "kept", error };
    }
  }));
}
