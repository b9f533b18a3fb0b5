import { join } from "node:path/posix";
import { systemClock } from "../core/clock.ts";
import { ContractPath } from "../core/contract_path.ts";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import type { KnownSecret } from "../dlp/known/secret.ts";
import type { TokenLookup } from "../egress/credentials.ts";
import type { ListenAddress } from "../egress/proxy.ts";
import type { EventFields } from "../core/event.ts";
import type { Gate } from "../gitgate/gate_options.ts";
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
  /** Milliseconds that a request with a finding is held, where the environment says so. @throws BottleError */
  readonly holdTime: () => number | undefined;
  readonly password: string | undefined;
  /** Says one line to whoever started the sidecar. */
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  readonly onDefect: (error: unknown) => void;
}

/** Grace for requests under way when nobody is left to want their answers, in milliseconds. */
const ORPHAN_DRAIN = 300;

/** Milliseconds until the supervise server is loaded as a whole: an agent CLI starts meanwhile, `true` is over. */
const PREPARE_AFTER = 100;

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
  const record = (event: EventFields) => void events.append(event);
  const listen = listenAddress(config.listeners.egress);
  const guarded = secrets();
  await using egress = await startEgress({
    dir,
    contract,
    listen,
    token,
    secrets: guarded,
    approvals: queue.approvals,
    holdTime: holdTime() ?? config.timeouts.hold,
    events,
    password: config.egress.auth ? password : undefined,
    warn,
    onDefect,
  });
  openToBottle(listen);
  const { git, supervise } = config.listeners;
  await using others = new AsyncDisposableStack();
  if (supervise !== undefined) {
    const { startSupervise } = await import("../supervise/mcp/serve.ts");
    const address = listenAddress(supervise);
    const server = others.use(
      await startSupervise({
        listen: address,
        slug: config.slug,
        contractDir: dir,
        queue: await queue.open(),
        timeout: config.timeouts.supervise,
        inEffect: (hash) => egress.routesHash() === hash,
        isSet: (name) => (token(name) ?? "") !== "",
        record,
        onDefect,
      }),
    );
    openToBottle(address);
    const later = setTimeout(() => server.prepare(), PREPARE_AFTER);
    others.defer(() => clearTimeout(later));
  }
  const gate = git === undefined || config.gitgate === undefined
    ? undefined
    : await openGate(listenAddress(git));
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
  const grace = reason === "stdin closed" ? ORPHAN_DRAIN : config.timeouts.drain;
  await Promise.all([egress.drain(grace), gate?.drain(grace)]);
  await others.disposeAsync(); // keys are revoked while events can still be stored
  events.append({ type: "sidecar_ended", reason });
  events.sync();

  async function openGate(listen: ListenAddress): Promise<Gate> {
    const { startGateService } = await import("./gate_service.ts");
    const gate = others.use(
      await startGateService({
        dir,
        config,
        listen,
        token,
        upstreamCa: contract.upstreamCa,
        secrets: guarded,
        approvals: queue.approvals,
        record,
        warn,
        onDefect,
      }),
    );
    openToBottle(listen);
    return gate;
  }
}

/** Its folder is 0700: whoever can reach the socket may connect, also the agent's own uid when the host is root. */
function openToBottle(listen: ListenAddress): void {
  if ("unix" in listen) Deno.chmodSync(listen.unix, 0o666);
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
