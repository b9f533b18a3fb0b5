import type { BottlePlan, ReadOnlyMount, ResourceLimits } from "../../backends/backend.ts";
import type { RouteDocument } from "../../core/route.ts";
import type { ApprovalTimes } from "../timeouts.ts";
import type { GatedRepo } from "./git_config.ts";

/** What manifests and flags ask of one bottle, with every value resolved. */
export interface BottleSpec {
  /** As the sidecar reads them: each `token_ref` names a member of `tokens`. */
  readonly routes: readonly RouteDocument[];
  /** `EGRESS_TOKEN_n` and its value. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Further values that must not leave, under the names that the sidecar takes them by. */
  readonly sensitive: Readonly<Record<string, string>>;
  readonly times: ApprovalTimes;
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
  /** The push gate; absent when no repository is declared. */
  readonly gate?: GateSpec;
  /** What the agent's provider brings; absent without one. */
  readonly agent?: AgentSpec;
}

/** What an agent CLI needs of its bottle besides environment and routes. */
export interface AgentSpec {
  /** Folder of the host with the CLI; absent when the bottle's own programs are run. */
  readonly toolchain?: string;
  /** Read-only files of this start, by name. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Files of a new bottle's home, by path below it. */
  readonly home: Readonly<Record<string, string>>;
  /** Folders of the host that are copied into a new bottle's home. */
  readonly skills: readonly { readonly from: string; readonly to: string }[];
}

/** What the sidecar's push gate is told. */
export interface GateSpec {
  /** Programs by absolute path. */
  readonly tools: { readonly git: string; readonly ssh: string; readonly gitleaks: string };
  readonly repos: readonly GateRepoSpec[];
}

/** One upstream repository. */
export interface GateRepoSpec extends GatedRepo {
  readonly hostKey: string | undefined;
  readonly refs: readonly string[] | undefined;
  readonly allowDelete: boolean | undefined;
  readonly allowForce: boolean | undefined;
  /** Patterns of push options that are passed on. */
  readonly pushOptions: readonly string[] | undefined;
  readonly key: GateKey | undefined;
}

/** How the gate proves who it is; `slot` names the variable of the sidecar that holds a token. */
export type GateKey =
  | { readonly provider: "static"; readonly path: string }
  | { readonly provider: "token"; readonly slot: string }
  | {
    readonly provider: "gitea" | "github" | "gitlab";
    readonly slot: string;
    /** The host's own name for the token. */
    readonly variable: string;
    readonly api: string | undefined;
  };

/** A bottle that no manifest was chosen for: nothing may leave. */
export const SEALED: BottleSpec = {
  routes: [],
  tokens: {},
  sensitive: {},
  times: {},
  log: 2,
  hosts: {},
  env: {},
  mounts: [],
  limits: {},
  services: [],
  gitUser: {},
};
