import type { EventFields } from "../core/event.ts";
import type { Approvals } from "../core/proposal.ts";
import type { KnownSecret } from "../dlp/known/known_secrets.ts";
import type { GateLimits, GateTimeouts, RepoConfig } from "./repo_config.ts";

/** Where the gate listens. */
export type GateListen =
  | { readonly unix: string }
  | { readonly host: string; readonly port: number };

/** Programs that the gate runs, by absolute path. */
export interface GateTools {
  readonly git: string;
  /** Needed for ssh upstreams. */
  readonly ssh?: string | undefined;
  /** Without it every push is refused. */
  readonly gitleaks?: string | undefined;
}

/** Everything the gate touches. */
export interface GateOptions {
  readonly listen: GateListen;
  /** A folder of the gate's own, 0700; made when it is missing. */
  readonly dir: string;
  readonly repos: readonly RepoConfig[];
  readonly tools: GateTools;
  /** The bottle's credentials and canary: they never leave, whatever a comment says. */
  readonly knownSecrets: readonly KnownSecret[];
  /** Asks the operator about findings that a comment wants to allow; without it they are refused. */
  readonly approvals?: Approvals;
  /** Looks up the token of an https upstream. */
  readonly token: (tokenRef: string) => string | undefined;
  /** PEM of further trust roots for https upstreams. */
  readonly trustRoots?: string | undefined;
  /** Names of upstreams with a fixed address. */
  readonly hosts?: ReadonlyMap<string, string>;
  /** `http://host:port` of a CONNECT proxy for https upstreams. */
  readonly upstreamProxy?: string | undefined;
  readonly limits?: Partial<GateLimits>;
  readonly timeouts?: Partial<GateTimeouts>;
  /** Appends one event; throws when it cannot be stored: the push is refused then. */
  readonly record: (event: EventFields) => void;
  /** Told of errors that are the gate's own fault; the request they belong to was refused. */
  readonly onDefect: (error: unknown) => void;
}

/** The running gate; disposal closes everything at once. */
export interface Gate extends AsyncDisposable {
  /** The TCP port, or 0 on a unix socket. */
  readonly port: number;
  /** Stops accepting, lets what is under way finish for at most `ms`, then closes everything. */
  drain(ms: number): Promise<void>;
}
