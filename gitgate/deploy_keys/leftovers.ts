import { BottleError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import { type DeployKeyEffects, provisionerFor } from "./effects.ts";
import { apiProblem } from "./forge_address.ts";
import { type Revocation, revokeAll } from "./lifecycle.ts";
import { type DeployKeyRecord, DeployKeyRecords } from "./records.ts";

/** What {@linkcode revokeLeftovers} did. */
export interface Leftovers {
  readonly revocations: readonly Revocation[];
  /** Paths of files that are not records. */
  readonly unreadable: readonly string[];
}

/**
 * Revokes the keys that a bottle which was killed left at forges; for `cleanup`, and before a bottle is used again.
 * Never rejects because of a forge: what cannot be revoked is in the result, and its record stays.
 *
 * @param folder of the records.
 * @param token of a record's account, undefined when it is not at hand. Where the token goes is `record.api`.
 */
export async function revokeLeftovers(
  folder: string,
  token: (record: DeployKeyRecord) => string | undefined,
  effects: DeployKeyEffects,
): Promise<Leftovers> {
  const records = new DeployKeyRecords(folder);
  const { records: left, unreadable } = records.read();
  const provisionerOf = (record: DeployKeyRecord) => {
    const value = token(record);
    const { repo, title, api, token_ref } = record;
    if (value === undefined || value === "") {
      throw new BottleError(
        printable(`Cannot revoke deploy key "${title}" of repository ${repo}: there is no token`),
        {
          code: "deploy_key_no_token",
          hint: printable(`set ${token_ref}, or remove the key in the repository's settings`),
        },
      );
    }
    const problem = apiProblem(api);
    if (problem === undefined) return provisionerFor(record, value, effects, effects.revokeBudget);
    throw new BottleError(
      printable(`Cannot revoke deploy key "${title}" of repository ${repo}: its API ${problem}`),
      { code: "forge_address", hint: "remove the key in the repository's settings" },
    );
  };
  const now = () => effects.clock.now();
  return {
    revocations: await revokeAll(left, records, provisionerOf, now, effects.signal),
    unreadable,
  };
}
