import { randomBytes } from "node:crypto";
import { join } from "node:path/posix";
import { BottleError, messageOf } from "../../core/errors.ts";
import type { EventFields } from "../../core/event.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import { type DeployKeyEffects, provisionerFor } from "./effects.ts";
import { forgeAddress } from "./forge_address.ts";
import { FORGES } from "./forges.ts";
import { type DeployKeyPair, generateDeployKeyPair } from "./key_pair.ts";
import { provision, revokeAll } from "./lifecycle.ts";
import { type DeployKeyRecord, DeployKeyRecords } from "./records.ts";

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
  const planned = repos.map((repo) => plan(repo, deps));
  const records = new DeployKeyRecords(deps.recordFolder);
  const close = () => closeAll(planned, records, deps);
  const made = await Promise.allSettled(planned.map((one) => make(one, records, deps)));
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

/** One key from its plan to its record. */
interface PlannedKey {
  readonly repo: DeployKeyRepo;
  readonly account: Pick<DeployKeyRecord, "provider" | "api" | "token_ref">;
  readonly project: string;
  readonly nonce: string;
  readonly title: string;
  /** Path of the private key. */
  readonly identity: string;
}

function plan(repo: DeployKeyRepo, deps: DeployKeyDeps): PlannedKey {
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

async function make(
  { repo, account, project, nonce, title, identity }: PlannedKey,
  records: DeployKeyRecords,
  deps: DeployKeyDeps,
): Promise<void> {
  deps.signal?.throwIfAborted();
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
