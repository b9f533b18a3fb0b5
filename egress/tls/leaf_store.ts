import type { KeyObject } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import {
  type Authority,
  type CertifiedKey,
  createLeafKey,
  issueLeaf,
  loadAuthority,
} from "../../core/certificate.ts";

const MAX_LEAVES = 512;
/** Leaves are valid for seven days; a new one is issued long before that, in milliseconds. */
const RENEW_AFTER = 2 * 86_400_000;

interface Leaf {
  readonly certified: CertifiedKey;
  readonly issued: number;
}

/**
 * Leaf certificates of the bottle's authority, one per host that a tunnel was allowed to, kept while they are in
 * use. All share one key: making keys is what a flood of names would cost.
 */
export class LeafStore {
  readonly #authority: Authority;
  readonly #key: KeyObject = createLeafKey();
  readonly #clock: Clock;
  readonly #leaves = new Map<string, Leaf>();

  constructor(authority: CertifiedKey, clock: Clock) {
    this.#authority = loadAuthority(authority);
    this.#clock = clock;
  }

  /** Chain and key for `host` (normal form, already allowed). */
  leafFor(host: string): CertifiedKey {
    const now = this.#clock.now();
    const kept = this.#leaves.get(host);
    this.#leaves.delete(host);
    const leaf = kept !== undefined && now.getTime() - kept.issued < RENEW_AFTER
      ? kept
      : this.#issue(host, now);
    this.#leaves.set(host, leaf); // last used stands last
    if (this.#leaves.size > MAX_LEAVES) this.#leaves.delete(this.#leaves.keys().next().value!);
    return leaf.certified;
  }

  #issue(host: string, now: Date): Leaf {
    const { certificate, key } = issueLeaf(this.#authority, this.#key, host, now);
    return {
      certified: { certificate: certificate + this.#authority.certificate, key },
      issued: now.getTime(),
    };
  }
}
