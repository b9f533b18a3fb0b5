import { Buffer } from "node:buffer";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Authority } from "../core/host_name.ts";
import { type AddressClass, classifyAddress, parseIp } from "../core/ip_address.ts";
import { type Denial, deny } from "./denial.ts";
import { parseResponseHead } from "./http1/message_head.ts";
import { ByteReader, type Valve } from "./http1/byte_reader.ts";
import type { Route } from "./route_table.ts";
import { GatedStream } from "./tls/gated_stream.ts";

/** A refusal or failure on the way to an upstream. */
export class DialError extends Error {
  override readonly name = "DialError";
  constructor(readonly denial: Denial) {
    super(denial.reason);
  }
}

/** How upstreams are found and trusted. */
export interface DialOptions {
  /** Every address of a name; called once for each new connection, only for names on the allowlist. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  /** Names with a fixed address, in normal form. */
  readonly fixedAddresses: ReadonlyMap<string, string>;
  /** Opens TCP to an address that was checked. */
  readonly connect: (address: string, port: number) => Socket;
  /** PEM roots that replace the default ones; absent means the process's default trust. */
  readonly trust?: readonly string[];
  /** A CONNECT proxy that every connection goes through; it resolves names itself. */
  readonly upstreamProxy?: URL;
  /** Milliseconds for name, TCP and TLS together. */
  readonly timeout: number;
}

/** A connection that is ready for a request. */
export interface Dialled {
  readonly socket: Socket;
  /** Stops what arrives; the socket's own `pause()` where absent. */
  readonly valve?: Valve;
}

/** Opens TCP with node:net. */
export function connectTcp(address: string, port: number): Socket {
  return net.connect({ host: address, port, noDelay: true });
}

/**
 * Opens a connection to the upstream of a route: resolves once, checks every address, connects to the address
 * that was checked, and verifies the certificate against the route's name (RFC 9525).
 *
 * @throws DialError
 */
export async function dial(
  options: DialOptions,
  authority: Authority,
  route: Pick<Route, "allowPrivate">,
  secure: boolean,
): Promise<Dialled> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const attempt: Attempt = { expired: false, ends: performance.now() + options.timeout };
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      attempt.expired = true;
      attempt.socket?.destroy();
      reject(
        new DialError(
          deny("upstream_timeout", `${authority.host.text} did not accept a connection in time`),
        ),
      );
    }, options.timeout);
  });
  try {
    return await Promise.race([open(options, authority, route, secure, attempt), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** The time and the socket of one dial. */
interface Attempt {
  expired: boolean;
  /** Milliseconds, monotonic. */
  readonly ends: number;
  socket?: Socket;
}

/** Notes the socket that an expiry has to close; one that comes too late is closed at once. */
function begin(attempt: Attempt, socket: Socket): void {
  attempt.socket = socket;
  if (!attempt.expired) return;
  socket.on("error", () => {});
  socket.destroy();
}

async function open(
  options: DialOptions,
  authority: Authority,
  route: Pick<Route, "allowPrivate">,
  secure: boolean,
  attempt: Attempt,
): Promise<Dialled> {
  const tcp = options.upstreamProxy === undefined
    ? await connectFirst(
      options,
      await checkedAddresses(options, authority, route),
      authority,
      attempt,
    )
    : await connectThroughProxy(options, options.upstreamProxy, authority, attempt);
  return secure ? await startTls(options, tcp, authority, attempt) : { socket: tcp };
}

/** Resolves a host and refuses it when any of its addresses is not public: one private answer is a rebinding. */
async function checkedAddresses(
  options: DialOptions,
  { host }: Authority,
  route: Pick<Route, "allowPrivate">,
): Promise<readonly string[]> {
  const addresses = host.kind === "ip" ? [host.text] : await resolveHost(options, host.text);
  for (const address of addresses) {
    const bytes = parseIp(address.replace(/%.*$/, ""));
    const found: AddressClass = bytes === null ? "reserved" : classifyAddress(bytes);
    if (found === "public") continue;
    // Metadata services hand out the machine's own credentials: only a route for that very address reaches them.
    const permitted = route.allowPrivate && (found !== "metadata" || host.kind === "ip") &&
      found !== "reserved";
    if (!permitted) {
      throw new DialError(deny("address_not_allowed", `${host.text} leads to a ${found} address`));
    }
  }
  return addresses;
}

async function resolveHost(options: DialOptions, name: string): Promise<readonly string[]> {
  const fixed = options.fixedAddresses.get(name);
  if (fixed !== undefined) return [fixed];
  let addresses: readonly string[];
  try {
    addresses = await options.resolve(name);
  } catch {
    addresses = [];
  }
  if (addresses.length === 0) {
    throw new DialError(deny("upstream_unresolved", `${name} has no address`));
  }
  return addresses;
}

async function connectFirst(
  options: DialOptions,
  addresses: readonly string[],
  { host, port }: Authority,
  attempt: Attempt,
): Promise<Socket> {
  // IPv4 first: where a machine has no IPv6 route the attempt fails at once, but a broken tunnel hangs.
  const ordered = [...addresses].sort((a, b) => Number(a.includes(":")) - Number(b.includes(":")));
  for (const [index, address] of ordered.entries()) {
    if (attempt.expired) break;
    const socket = options.connect(address, port);
    begin(attempt, socket);
    // An address that says nothing may use up its share of the time, not that of the others.
    const share = (attempt.ends - performance.now()) / (ordered.length - index);
    const timer = setTimeout(() => socket.destroy(), share);
    const failure = await settled(socket, "connect");
    clearTimeout(timer);
    if (failure === undefined) return socket;
    socket.destroy();
  }
  throw new DialError(
    deny("upstream_unreachable", `${host.text}:${port} does not accept connections`),
  );
}

/** Waits for `event`; the error when the socket fails first. */
function settled(socket: Socket, event: "connect" | "secureConnect"): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const done = (error?: Error) => {
      socket.off(event, onReady);
      socket.off("close", onClose);
      resolve(error);
    };
    let failure: Error | undefined;
    const onReady = () => done();
    const onClose = () => done(failure ?? new Error("closed"));
    socket.once(event, onReady);
    socket.once("close", onClose);
    // Stays: an error event without a listener would end the process.
    socket.on("error", (error) => failure = error);
  });
}

async function startTls(
  options: DialOptions,
  tcp: Socket,
  { host }: Authority,
  attempt: Attempt,
): Promise<Dialled> {
  const valve = new GatedStream(tcp);
  const socket = tls.connect({
    socket: valve,
    ...(host.kind === "name" ? { servername: host.text } : { host: host.text }),
    ALPNProtocols: ["http/1.1"],
    ...(options.trust === undefined ? {} : { ca: [...options.trust] }),
  });
  begin(attempt, socket);
  const failure = await settled(socket, "secureConnect");
  if (failure === undefined) return { socket, valve };
  socket.destroy();
  tcp.destroy();
  throw new DialError(
    deny("upstream_tls", `TLS with ${host.text} failed: ${failure.message.split("\n")[0]}`),
  );
}

async function connectThroughProxy(
  options: DialOptions,
  proxy: URL,
  { host, port }: Authority,
  attempt: Attempt,
): Promise<Socket> {
  const socket = options.connect(proxy.hostname.replace(/^\[|\]$/g, ""), Number(proxy.port || 80));
  begin(attempt, socket);
  const unreachable = (reason: string) => {
    socket.destroy();
    return new DialError(deny("upstream_unreachable", reason));
  };
  if (await settled(socket, "connect") !== undefined) {
    throw unreachable("the upstream proxy does not accept connections");
  }
  const target = host.text.includes(":") ? `[${host.text}]:${port}` : `${host.text}:${port}`;
  const user = decodeURIComponent(proxy.username);
  const authorization = user === ""
    ? ""
    : `Proxy-Authorization: Basic ${
      Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString("base64")
    }\r\n`;
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  const reader = new ByteReader(socket);
  try {
    const text = await reader.readHead();
    const status = text === null ? 0 : parseResponseHead(text).status;
    if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
  } catch (error) {
    throw unreachable(`the upstream proxy refused the connection: ${(error as Error).message}`);
  }
  const early = reader.release();
  socket.pause();
  if (early.length > 0) socket.unshift(early);
  return socket;
}
