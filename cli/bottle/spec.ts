import type { BottlePlan, ReadOnlyMount, ResourceLimits } from "../../backends/backend.ts";
import type { RouteDocument } from "../../core/route.ts";
import type { GatedRepo } from "./git_config.ts";

/** What manifests and flags ask of one bottle, with every value resolved. */
export interface BottleSpec {
  /** As the sidecar reads them: each `token_ref` names a member of `tokens`. */
  readonly routes: readonly RouteDocument[];
  /** `EGRESS_TOKEN_n` and its value. */
  readonly tokens: Readonly<Record<string, string>>;
  /** 0 off, 1 denials, 2 every decision. */
  readonly log: 0 | 1 | 2;
  /** PEM text of a further trust root for upstreams. */
  readonly upstreamCa?: string;
  readonly upstreamProxy?: string;
  readonly hosts: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly ReadOnlyMount[];
  readonly limits: ResourceLimits;
  /** What the sidecar serves besides the proxy. */
  readonly services: BottlePlan["services"];
  readonly gitUser: { readonly name?: string | undefined; readonly email?: string | undefined };
  readonly repos: readonly GatedRepo[];
}

/** A bottle that no manifest was chosen for: nothing may leave. */
export const SEALED: BottleSpec = {
  routes: [],
  tokens: {},
  log: 2,
  hosts: {},
  env: {},
  mounts: [],
  limits: {},
  services: [],
  gitUser: {},
  repos: [],
};
