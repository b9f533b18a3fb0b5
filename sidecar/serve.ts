import { join } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import { ContractPath } from "../core/contract_path.ts";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import type { KnownSecret } from "../dlp/known/secret.ts";
import type { TokenLookup } from "../egress/credentials.ts";
import type { ListenAddress } from "../egress/proxy.ts";
import { EventLog } from "../sys/event_log.ts";
import { approvalQueue } from "./approval_queue.ts";
import { startEgress } from "./egress_service.ts";
import { untilTold } from "./lifetime.ts";
import { readContract } from "./read_contract.ts";

/** What a sidecar runs with besides its contract directory. */
export interface ServeOptions {
  readonly dir: string;
  readonly token: TokenLookup;
  /** Values that must not leave. */
  readonly secrets: () => readonly KnownSecret[];
  /** Milliseconds that a request with a finding is held. @throws BottleError */
  readonly holdTime: () => number;
  readonly password: string | undefined;
  /** Says one line to whoever started the sidecar. */
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  readonly onDefect: (error: unknown) => void;
}

/** Grace for requests under way when nobody is left to want their answers, in milliseconds. */
const ORPHAN_DRAIN = 300;

/**
 * Serves one bottle from its contract directory until it is told to stop.
 *
 * @throws BottleError when the configuration is not valid or the listener cannot be opened.
 */
export async function serve(
  { dir, token, secrets, holdTime, password, say, warn, onDefect }: ServeOptions,
): Promise<void> {
  const contract = readContract(dir, token);
  const { config } = contract;
  if (config.egress.auth && (password ?? "") === "") {
    throw new BottleError("Cannot require a password: BOT_BOTTLE_PROXY_PASSWORD is not set", {
      code: "no_password",
      exit: ExitCode.usage,
      hint: "set BOT_BOTTLE_PROXY_PASSWORD to the password that clients must send",
    });
  }
  const told = untilTold(config.exit_on_stdin_eof);
  using events = EventLog.open(join(dir, ContractPath.events), { clock: systemClock });
  using queue = approvalQueue(dir, config.slug, (event) => void events.append(event));
  const listen = listenAddress(config.listeners.egress);
  await using egress = await startEgress({
    dir,
    contract,
    listen,
    token,
    secrets: secrets(),
    approvals: queue.approvals,
    holdTime: holdTime(),
    events,
    password: config.egress.auth ? password : undefined,
    warn,
    onDefect,
  });
  // Its folder is 0700: whoever can reach the socket may connect, also the agent's own uid when the host is root.
  if ("unix" in listen) Deno.chmodSync(listen.unix, 0o666);
  events.append({ type: "sidecar_started", slug: config.slug, routes: contract.routeCount });
  say(
    JSON.stringify({
      event: "ready",
      port: egress.port,
      ca: join(dir, ContractPath.caCertificate),
    }),
  );
  // What the first request would wait for; nothing before `ready` does.
  queue.open().catch((error) => warn(`proposals cannot be queued: ${messageOf(error)}`));
  egress.prepare();
  const reason = await told;
  await egress.drain(reason === "stdin closed" ? ORPHAN_DRAIN : config.timeouts.drain);
  events.append({ type: "sidecar_ended", reason });
  events.sync();
}

function listenAddress(
  listener: { unix: string } | { tcp: { host: string; port: number } } | undefined,
): ListenAddress {
  if (listener === undefined) {
    throw new BottleError("Cannot start: sidecar.json has no egress listener", {
      code: "no_listener",
    });
  }
  if ("tcp" in listener) return listener.tcp;
  removeStaleSocket(listener.unix);
  return { unix: listener.unix };
}

/** A socket that a killed sidecar left behind would make listening fail; nothing else may stand there. */
function removeStaleSocket(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
