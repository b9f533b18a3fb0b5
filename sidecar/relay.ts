/**
 * The bridge from a bottle's loopback to the sidecar's unix sockets, and the probe of the bottle's walls.
 *
 * It runs inside the bottle, straight from source or as one bundled file: no dependency, `Deno` only.
 * It reads a {@linkcode RelayPlan} as JSON from stdin, prints one line, a probe report as JSON, when its
 * listeners are open, and passes bytes until the bottle ends.
 */
import { BufferPool, type Duplex, pipeBoth } from "./relay_pipe.ts";
import { probe, probePlan } from "./probe.ts";

/** One service of the sidecar: the port it has on the bottle's loopback and its unix socket. */
export interface RelayService {
  readonly port: number;
  readonly socket: string;
}

/** What the relay is told. */
export interface RelayPlan {
  readonly services: readonly RelayService[];
  /** The host's own addresses, which the probe must not reach. */
  readonly hostAddresses: readonly string[];
  /** Milliseconds for the sidecar to open its sockets. */
  readonly sidecarPatience?: number;
}

/** An open relay. */
export interface Relay {
  /** Ports in the order of the services, for a test that asked for port 0. */
  readonly ports: readonly number[];
  /** Connections that are open now. */
  connections(): number;
  close(): void;
}

const BUFFER_BYTES = 128 * 1024;
const BUFFERS_KEPT = 64;

/**
 * Listens on 127.0.0.1 for every service and connects each client to the service's unix socket.
 *
 * When the socket cannot be reached, or `maxConnections` are open, the client's connection is closed at once.
 */
export function openRelay(services: readonly RelayService[], maxConnections = 512): Relay {
  const pool = new BufferPool(BUFFER_BYTES, BUFFERS_KEPT);
  const open = new Set<Duplex>();
  const listeners = services.map(({ port }) => Deno.listen({ hostname: "127.0.0.1", port }));
  listeners.forEach((listener, index) => {
    void acceptAll(listener, services[index]!.socket, pool, open, maxConnections);
  });
  return {
    ports: listeners.map((listener) => listener.addr.port),
    connections: () => open.size,
    close() {
      for (const listener of listeners) listener.close();
      for (const side of open) {
        try {
          side.close();
        } catch {
          // It closed itself between two turns.
        }
      }
    },
  };
}

async function acceptAll(
  listener: Deno.TcpListener,
  socket: string,
  pool: BufferPool,
  open: Set<Duplex>,
  maxConnections: number,
): Promise<void> {
  for (;;) {
    let client: Deno.TcpConn;
    try {
      client = await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
        return; // closed
      }
      await new Promise((resolve) => setTimeout(resolve, 10)); // out of descriptors: wait for one
      continue;
    }
    if (open.size >= maxConnections) client.close();
    else void bridge(client, socket, pool, open);
  }
}

async function bridge(
  client: Deno.TcpConn,
  socket: string,
  pool: BufferPool,
  open: Set<Duplex>,
): Promise<void> {
  open.add(client);
  try {
    client.setNoDelay(true);
    const upstream = await Deno.connect({ transport: "unix", path: socket });
    await pipeBoth(client, upstream, pool);
  } catch {
    // The sidecar is not there, or the client went: either way nothing is left to pass on.
  } finally {
    open.delete(client);
    try {
      client.close();
    } catch {
      // pipeBoth closed it.
    }
  }
}

/** All of stdin as text; the stream interface would cost 8 ms of a bottle's start. */
function readStdin(): string {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65536);
  let text = "";
  for (;;) {
    const count = Deno.stdin.readSync(buffer);
    if (count === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

if (import.meta.main) {
  const plan = JSON.parse(readStdin()) as RelayPlan;
  openRelay(plan.services);
  const report = await probe(
    probePlan(plan.hostAddresses, plan.sidecarPatience),
    plan.services,
  ).catch((error) => ({
    ok: false,
    checks: [{ what: `the probe (${error})`, expected: "reachable", found: "unreachable" }],
    took: 0,
  }));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report) + "\n"));
  Deno.stdout.close(); // the host reads to the end of this pipe
}
