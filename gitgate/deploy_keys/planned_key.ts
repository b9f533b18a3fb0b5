import { randomBytes } from "node:crypto";
import { join } from "node:path/posix";
import { BottleError, ExitCode } from "../../core/errors.ts";
import type { EventFields } from "../../core/event.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import { type DeployKeyEffects, provisionerFor } from "./effects.ts";
import { forgeAddress } from "./forge_address.ts";
import { FORGES } from "./forges.ts";
import { type DeployKeyPair, generateDeployKeyPair } from "./key_pair.ts";
import { provision } from "./lifecycle.ts";
import type { DeployKeyRecord, DeployKeyRecords } from "./records.ts";

/** A repository whose ssh key is made at its forge. */
export interface DeployKeyRepo {
  /** Name in the manifest. */
  readonly name: string;
  /** `ssh://user@host[:port]/path`. */
  readonly url: string;
  readonly provider: string;
  /** The host's variable that the token came from; shown, and noted for `cleanup`. */
  readonly tokenRef: string;
  readonly token: string;
  /** Base URL of the API when it is not the usual one. */
  readonly api?: string;
}

/** What {@linkcode openDeployKeys} works with. */
export interface DeployKeyDeps extends DeployKeyEffects {
  readonly slug: string;
  /** Folder of the records, which outlives a crash; absolute, private. */
  readonly recordFolder: string;
  /** Folder for the private keys; absolute, private. */
  readonly identityFolder: string;
  /** Stores an event; what it throws while keys are made undoes them. */
  readonly record: (event: EventFields) => void;
  /** Tells a person that a key is left at a forge. */
  readonly warn: (message: string) => void;
  /** {@linkcode generateDeployKeyPair} unless a test passes its own. */
  readonly generate?: (comment: string) => Promise<DeployKeyPair>;
  /** Milliseconds for making a key pair; {@linkcode GENERATION_BUDGET} unless given. */
  readonly generationBudget?: number;
}

/** Usual time for making a key pair, in milliseconds. */
export const GENERATION_BUDGET = 10_000;

/** One key from its plan to its record. */
export interface PlannedKey {
  readonly repo: DeployKeyRepo;
  readonly account: Pick<DeployKeyRecord, "provider" | "api" | "token_ref">;
  readonly project: string;
  readonly nonce: string;
  readonly title: string;
  /** Path of the private key. */
  readonly identity: string;
}

/**
 * Everything about a key but the key itself.
 *
 * @throws BottleError `forge_address` or `forge_token` for what can be seen to be wrong beforehand.
 */
export function planKey(repo: DeployKeyRepo, deps: DeployKeyDeps): PlannedKey {
  const { name, url, provider, tokenRef, api } = repo;
  const forge = FORGES.get(provider);
  if (forge === undefined) throw new TypeError(`Cannot find forge ${JSON.stringify(provider)}`);
  const address = forgeAddress(forge, name, url, api);
  const account = { provider, api: address.api, token_ref: tokenRef };
  provisionerFor(account, repo.token, deps, deps.createBudget);
  const nonce = randomBytes(8).toString("hex");
  return {
    repo,
    account,
    project: address.project,
    nonce,
    // Gitea wants titles to be unique in a repository, also after a crash.
    title: `bot-bottle ${deps.slug} ${nonce}`,
    identity: join(deps.identityFolder, `${name}.key`),
  };
}

/** Makes the key at the forge and writes its identity file. What is left when this throws has a record. */
export async function makeKey(
  { repo, account, project, nonce, title, identity }: PlannedKey,
  records: DeployKeyRecords,
  deps: DeployKeyDeps,
): Promise<void> {
  if (deps.signal?.aborted) {
    throw new BottleError(`Cannot make a deploy key for repository ${repo.name}: interrupted`, {
      code: "forge_aborted",
      exit: ExitCode.interrupted,
    });
  }
  const pair = await generateInTime(title, repo.name, deps);
  try {
    const provisioner = provisionerFor(account, repo.token, deps, deps.createBudget);
    const { key_id } = await provision(
      {
        version: 1,
        nonce,
        slug: deps.slug,
        repo: repo.name,
        ...account,
        project,
        title,
        public_key: pair.publicKey,
        fingerprint: pair.fingerprint,
        key_id: null,
        created_at: deps.clock.now().toISOString(),
      },
      records,
      provisioner,
      deps.signal,
    );
    Deno.mkdirSync(deps.identityFolder, { recursive: true, mode: 0o700 });
    // Not synced: after a crash of the machine the key is to be revoked, not used.
    replaceFile(identity, pair.privateKey, 0o600, { durable: false });
    deps.record({
      type: "deploy_key_created",
      repo: repo.name,
      provider: account.provider,
      project,
      title,
      fingerprint: pair.fingerprint,
      key_id,
    });
  } finally {
    pair.privateKey.fill(0);
  }
}

async function generateInTime(
  comment: string,
  name: string,
  { generate = generateDeployKeyPair, generationBudget = GENERATION_BUDGET }: DeployKeyDeps,
): Promise<DeployKeyPair> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() =>
      reject(
        new BottleError(
          `Cannot make a key for repository ${name} within ${generationBudget / 1000} s`,
          { code: "deploy_key_generation", hint: "try again when the machine is less busy" },
        ),
      ), generationBudget);
  });
  try {
    return await Promise.race([generate(comment), late]);
  } finally {
    clearTimeout(timer);
  }
}
