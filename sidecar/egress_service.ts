import { join } from "node:path/posix";
import tls from "node:tls";
import { ContractPath } from "../core/contract_path.ts";
import { messageOf } from "../core/errors.ts";
import type { EventFields } from "../core/event.ts";
import type { Approvals } from "../core/proposal.ts";
import type { KnownSecret, SecretStrength } from "../dlp/known/secret.ts";
import type { TokenLookup } from "../egress/credentials.ts";
import { EgressProxy, type ListenAddress } from "../egress/proxy.ts";
import type { EventLog } from "../sys/event_log.ts";
import { watchFile } from "../sys/watch_file.ts";
import { dialOptions } from "./dial_options.ts";
import { type Contract, readContract } from "./read_contract.ts";

/** What the egress proxy of a sidecar is started with. */
export interface EgressServiceOptions {
  readonly dir: string;
  readonly contract: Contract;
  readonly listen: ListenAddress;
  readonly token: TokenLookup;
  /** Values that must not leave. */
  readonly secrets: readonly KnownSecret[];
  readonly approvals: Approvals;
  /** Milliseconds that a request with a finding is held. */
  readonly holdTime: number;
  readonly events: EventLog;
  readonly password: string | undefined;
  readonly onDefect: (error: unknown) => void;
  /** Tells a person that a new configuration was refused. */
  readonly warn: (message: string) => void;
}

/** What looks at large requests, beside this file: as source, or as a bundle of its own. */
const SCAN_WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "../egress/outbound/scan_worker.ts" : "./scan-worker.js",
  import.meta.url,
);

/** How long after the start the detectors are made, unless a request needs them before, in milliseconds. */
const PREPARE_AFTER = 200;

/** The running proxy; disposal stops the watch and closes it at once. */
export interface EgressService extends AsyncDisposable {
  readonly port: number;
  /** SHA-256 (hex) of the routes file that is enforced. */
  routesHash(): string;
  /** Makes the detectors, and says which secrets are too weak for them. Requests wait for it; call it once serving. */
  prepare(): void;
  drain(ms: number): Promise<void>;
}

/** Starts the proxy and follows `config/generation`: a new configuration is taken as a whole or refused as a whole. */
export async function startEgress(options: EgressServiceOptions): Promise<EgressService> {
  const { dir, contract, token, events, warn } = options;
  const { config } = contract;
  trustForUpstreams(contract.upstreamCa);
  const record = (event: EventFields) => void events.append(event);
  const proxy = await EgressProxy.listen({
    listen: options.listen,
    policy: contract.policy,
    token,
    authority: contract.authority,
    dial: dialOptions(config),
    timeouts: { headers: config.timeouts.headers, idle: config.timeouts.idle },
    record,
    secrets: options.secrets,
    approvals: options.approvals,
    holdTime: options.holdTime,
    scanWorker: SCAN_WORKER,
    supervised: config.listeners.supervise !== undefined,
    onDefect: options.onDefect,
    ...(options.password === undefined ? {} : { password: options.password }),
  });
  let routesHash = contract.routesHash;
  const watch = watchFile(join(dir, ContractPath.generation), () => {
    let outcome: EventFields;
    try {
      const next = readContract(dir, token);
      proxy.reload(next.policy);
      routesHash = next.routesHash;
      outcome = { type: "config_loaded", routes: next.routeCount };
    } catch (error) {
      warn(`the new configuration is refused, the last good one stays: ${messageOf(error)}`);
      outcome = { type: "config_refused", reason: messageOf(error).slice(0, 2000) };
    }
    try {
      record(outcome);
    } catch (error) {
      // Requests are refused until events can be stored again; the proxy itself goes on.
      warn(`an event cannot be stored: ${messageOf(error)}`);
    }
  }, { pollMs: 500 });
  let preparing: ReturnType<typeof setTimeout> | undefined;
  return {
    port: proxy.port,
    routesHash: () => routesHash,
    prepare() {
      // A little later: the bottle's first instruction needs the processor now. A request makes them by itself.
      preparing = setTimeout(() =>
        proxy.screen.prepare().then((strengths) => {
          const weak = strengths.filter(({ strength }) => strength !== "strong");
          if (weak.length === 0) return;
          record({ type: "secrets_weak", names: weak.map(({ name }) => name) });
          // A host that watches over us said so when it started us, by the names that its operator knows.
          if (!config.exit_on_stdin_eof) tellWeak(weak, warn);
        }).catch(options.onDefect), PREPARE_AFTER);
    },
    async drain(ms) {
      clearTimeout(preparing);
      watch[Symbol.dispose]();
      await proxy.drain(ms);
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(preparing);
      watch[Symbol.dispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** A weak secret is looked for as it is only; whoever chose it should know. Its name is told, never its value. */
function tellWeak(
  weak: readonly SecretStrength[],
  warn: (message: string) => void,
): void {
  for (const { name, strength, reason = "" } of weak) {
    const meaning = strength === "empty"
      ? "it is not looked for"
      : "it is looked for as it is only, not in encodings or in parts";
    warn(`the secret ${name} is too weak to be guarded well: ${reason}; ${meaning}`);
  }
}

/** In Node.js since 24.5 and in Deno 2.9, whose type declarations are older. */
type TrustStore = typeof tls & { setDefaultCACertificates(certificates: readonly string[]): void };

/** Adds a trust root for upstreams. Done once for the process: roots given per connection are parsed anew each time. */
function trustForUpstreams(pem: string | undefined): void {
  if (pem === undefined) return;
  const roots = [...tls.getCACertificates("default"), ...tls.getCACertificates("system"), pem];
  (tls as TrustStore).setDefaultCACertificates(roots);
}
