import { join, resolve } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import { ContractPath } from "../core/contract_path.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import type { EventFields } from "../core/event.ts";
import type { Approvals } from "../core/proposal.ts";
import type { SidecarConfig } from "../core/sidecar_config.ts";
import type { KnownSecret } from "../dlp/known/secret.ts";
import type { TokenLookup } from "../egress/credentials.ts";
import { FORGE_BUDGET, pause } from "../gitgate/deploy_keys/effects.ts";
import { type DeployKeySession, openDeployKeys } from "../gitgate/deploy_keys/session.ts";
import { type Gate, startGate } from "../gitgate/gate.ts";
import type { GateListen } from "../gitgate/gate_options.ts";
import { repoConfigOf } from "../gitgate/repo_config.ts";
import { forgeRequester } from "./forge_requester.ts";

/** What the push gate of a sidecar is started with. */
export interface GateServiceOptions {
  readonly dir: string;
  readonly config: SidecarConfig;
  readonly listen: GateListen;
  readonly token: TokenLookup;
  /** PEM of further trust roots. */
  readonly upstreamCa: string | undefined;
  readonly secrets: readonly KnownSecret[];
  readonly approvals: Approvals;
  readonly record: (event: EventFields) => void;
  readonly warn: (message: string) => void;
  readonly onDefect: (error: unknown) => void;
}

/** Folder of the private keys that were made for this run, relative to the contract directory. */
const IDENTITIES = "keys";

/**
 * Makes the deploy keys, then opens the gate. Disposal closes the gate first, so that no key is revoked under a push.
 *
 * @throws BottleError when a key cannot be made or the gate cannot be opened; keys that were made are revoked.
 */
export async function startGateService(options: GateServiceOptions): Promise<Gate> {
  const { dir, config, upstreamCa, token } = options;
  const gitgate = config.gitgate!;
  const made = new AsyncDisposableStack();
  try {
    const keys: DeployKeySession = made.use(
      await openDeployKeys(forgeRepos(config, token), {
        slug: config.slug,
        recordFolder: join(dir, ContractPath.deployKeys),
        identityFolder: join(dir, IDENTITIES),
        request: forgeRequester(config, upstreamCa),
        clock: systemClock,
        pause,
        createBudget: FORGE_BUDGET,
        revokeBudget: FORGE_BUDGET,
        record: options.record,
        warn: options.warn,
      }),
    );
    const gate = made.use(
      await startGate({
        listen: options.listen,
        dir: resolve(dir, gitgate.dir),
        repos: gitgate.repos.map((repo) => {
          const identityFile = keys.identityFile(repo.name);
          return {
            ...repoConfigOf(repo),
            ...(identityFile === undefined ? {} : { identityFile }),
          };
        }),
        tools: gitgate.tools,
        knownSecrets: options.secrets,
        approvals: options.approvals,
        token,
        trustRoots: upstreamCa,
        upstreamProxy: config.egress.upstream_proxy,
        hosts: new Map(Object.entries(config.egress.hosts)),
        limits: gitgate.limits,
        timeouts: gitgate.timeouts,
        record: options.record,
        onDefect: options.onDefect,
      }),
    );
    return {
      port: gate.port,
      drain: (ms) => gate.drain(ms),
      [Symbol.asyncDispose]: () => made.disposeAsync(),
    };
  } catch (error) {
    await made.disposeAsync();
    throw error;
  }
}

/** @throws BottleError `no_token`. */
function forgeRepos({ gitgate, deploy_keys }: SidecarConfig, token: TokenLookup) {
  return deploy_keys.map(({ repo, provider, token_ref, variable, api }) => {
    const url = gitgate!.repos.find(({ name }) => name === repo)?.url;
    const value = token(token_ref);
    if (url === undefined || value === undefined) {
      throw new BottleError(`Cannot make a deploy key for ${repo}: ${variable} is not set`, {
        code: "no_token",
        exit: ExitCode.cannotStart,
        hint: `set ${variable} in the environment that bot-bottle is started from`,
      });
    }
    return {
      name: repo,
      url,
      provider,
      tokenRef: variable,
      token: value,
      ...(api === undefined ? {} : { api }),
    };
  });
}
