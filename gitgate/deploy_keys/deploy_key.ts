/** A repository on a forge. */
export interface ForgeRepo {
  /** Its name in the manifest; messages use it. */
  readonly name: string;
  /** Its path on the forge without `.git`, such as `team/app`. */
  readonly project: string;
}

/** A deploy key as a forge describes it. */
export interface DeployKey {
  readonly id: number;
  readonly title: string;
  /** One line of an authorized_keys file; forges may drop the comment. */
  readonly publicKey: string;
  /** Whether it may push; undefined when the forge does not say. */
  readonly writable: boolean | undefined;
}

/** What a deploy key is looked up by: titles are not unique everywhere, keys are. */
export type SoughtKey = { readonly publicKey: string } | { readonly title: string };

/**
 * Deploy keys of one forge account. Every call ends within its time budget and throws {@linkcode DeployKeyError}
 * (see `deploy_key_error.ts` for the codes).
 */
export interface DeployKeyProvisioner {
  /**
   * Makes sure that the repository has this key with the right to push. Safe to repeat: a key that is there already
   * (an earlier request whose answer was lost) is found by its public half and kept.
   */
  ensure(
    repo: ForgeRepo,
    title: string,
    publicKey: string,
    signal?: AbortSignal,
  ): Promise<DeployKey>;
  /** The key of the repository that fits; undefined when there is none. */
  find(repo: ForgeRepo, sought: SoughtKey, signal?: AbortSignal): Promise<DeployKey | undefined>;
  /** Takes a key away; `absent` when the forge does not know it any more. */
  revoke(repo: ForgeRepo, id: number, signal?: AbortSignal): Promise<"revoked" | "absent">;
}

/** Whether two public keys are the same key: type and base64, whatever the comment (RFC 4253 section 6.6). */
export function isSameKey(one: string, other: string): boolean {
  const [type, blob] = one.trim().split(/\s+/);
  const [otherType, otherBlob] = other.trim().split(/\s+/);
  return blob !== undefined && type === otherType && blob === otherBlob;
}
