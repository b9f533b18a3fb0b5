import {
  type GateLimits,
  gateLimitsSchema,
  type GateRepo,
  gateRepoSchema,
  type GateTimeouts,
  gateTimeoutsSchema,
} from "../core/gate_config.ts";

/** One upstream repository of the gate. */
export interface RepoConfig {
  readonly name: string;
  /** `ssh://` or `https://`, without a credential. */
  readonly url: string;
  /** The upstream's public host key; an ssh upstream without one is never connected to. */
  readonly hostKey?: string;
  /** File (0600) with the private key. */
  readonly identityFile?: string;
  /** What the token lookup is asked for. */
  readonly tokenRef?: string;
  /** Patterns of refs that may be pushed. */
  readonly refs: readonly string[];
  readonly allowDelete: boolean;
  readonly allowForce: boolean;
  /** Patterns of push options that are passed on. */
  readonly pushOptions: readonly string[];
}

export type { GateLimits, GateTimeouts };

/** A repository of `sidecar.json` as the gate takes it. */
export function repoConfigOf(repo: GateRepo): RepoConfig {
  return {
    name: repo.name,
    url: repo.url,
    ...(repo.host_key === undefined ? {} : { hostKey: repo.host_key }),
    ...(repo.identity_file === undefined ? {} : { identityFile: repo.identity_file }),
    ...(repo.token_ref === undefined ? {} : { tokenRef: repo.token_ref }),
    refs: repo.refs,
    allowDelete: repo.allow_delete,
    allowForce: repo.allow_force,
    pushOptions: repo.push_options,
  };
}

/** A repository with every default, for whoever has no `sidecar.json`. */
export function parseRepo(repo: unknown): RepoConfig {
  return repoConfigOf(gateRepoSchema.parse(repo));
}

/** The limits that hold unless others are given. */
export const DEFAULT_LIMITS: GateLimits = gateLimitsSchema.parse({});

/** The timeouts that hold unless others are given. */
export const DEFAULT_TIMEOUTS: GateTimeouts = gateTimeoutsSchema.parse({});
