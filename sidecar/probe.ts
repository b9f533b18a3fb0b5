import type { ProbeCheck, ProbeReport } from "../core/probe.ts";

/** What must not be reachable from inside a bottle. */
export interface ProbePlan {
  /** `host:port` of addresses, IPv6 in brackets. */
  readonly tcp: readonly string[];
  /** `host:port` of addresses. */
  readonly udp: readonly string[];
  readonly names: readonly string[];
  /** Milliseconds that all attempts together may take; they run at once. */
  readonly patience: number;
  /** Milliseconds for the sidecar to open its sockets: it starts beside the bottle. */
  readonly sidecarPatience: number;
}

/** Public resolvers, and the metadata and link-local addresses of the large clouds. */
const NEVER_TCP = [
  "1.1.1.1:443",
  "8.8.8.8:53",
  "[2606:4700:4700::1111]:443",
  "169.254.169.254:80", // AWS, GCP, Azure, OpenStack
  "169.254.170.2:80", // ECS task credentials
  "100.100.100.200:80", // Alibaba Cloud
  "168.63.129.16:80", // Azure wire server
  "[fd00:ec2::254]:80", // AWS, IPv6
];
const NEVER_UDP = ["1.1.1.1:53", "8.8.8.8:53", "224.0.0.251:5353"];

/** Milliseconds that a sidecar has to open its sockets unless it has more to do than that. */
const SIDECAR_PATIENCE = 5000;

/** What every bottle is probed for, with the host's own addresses (and ports that answer there) added. */
export function probePlan(
  hostAddresses: readonly string[],
  sidecarPatience = SIDECAR_PATIENCE,
): ProbePlan {
  const own = hostAddresses
    .filter((ip) => !/^fe[89ab]/i.test(ip)) // link-local means nothing without an interface
    .map((ip) => ip.includes(":") ? `[${ip}]` : ip);
  return {
    tcp: [...NEVER_TCP, ...own.flatMap((ip) => [`${ip}:22`, `${ip}:53`])],
    udp: NEVER_UDP,
    names: ["example.com"],
    patience: 1000,
    sidecarPatience,
  };
}

/**
 * Tries everything a bottle must not reach and every relay port it must reach.
 *
 * Refused, unroutable and timed out are unreachable for an address of somebody else; for a *name* only a
 * failed look-up is. An interface besides loopback is a finding by itself.
 */
export async function probe(
  plan: ProbePlan,
  services: readonly { port: number; socket: string }[],
): Promise<ProbeReport> {
  const start = performance.now();
  // The first setTimeout of a process costs 5 ms of a bottle's start, this 0.6.
  const late = AbortSignal.timeout(plan.patience);
  const patience = Promise.withResolvers<null>();
  const giveUp = () => patience.resolve(null);
  late.addEventListener("abort", giveUp);
  try {
    const checks = await Promise.all([
      ...interfaces(),
      ...plan.tcp.map((address) => tcpCheck(address, patience.promise)),
      ...plan.udp.map(udpCheck),
      ...plan.names.map((name) => nameCheck(name, patience.promise)),
      ...services.map((service) => serviceCheck(service, start + plan.sidecarPatience)),
    ]);
    return {
      ok: checks.every(({ expected, found }) => expected === found),
      checks,
      took: Math.round((performance.now() - start) * 10) / 10,
    };
  } finally {
    late.removeEventListener("abort", giveUp);
  }
}

function check(what: string, expected: ProbeCheck["expected"], reached: boolean): ProbeCheck {
  return { what, expected, found: reached ? "reachable" : "unreachable" };
}

function interfaces(): ProbeCheck[] {
  const names = new Set(
    Deno.networkInterfaces().filter(({ address }) => address !== "127.0.0.1" && address !== "::1")
      .map(({ name }) => name),
  );
  return names.size === 0
    ? [check("network interface besides loopback", "unreachable", false)]
    : [...names].map((name) => check(`network interface ${name}`, "unreachable", true));
}

/** Splits `host:port`; a host in brackets loses them. */
function split(address: string): { hostname: string; port: number } {
  const colon = address.lastIndexOf(":");
  return {
    hostname: address.slice(0, colon).replace(/^\[|\]$/g, ""),
    port: Number(address.slice(colon + 1)),
  };
}

/** Whether `attempt` opened something before the patience ended; what it opened is closed. */
async function opens(
  attempt: Promise<{ close(): void }>,
  patience: Promise<null>,
): Promise<boolean> {
  const opened = await Promise.race([attempt, patience]);
  if (opened !== null) {
    opened.close();
    return true;
  }
  void attempt.then((conn) => conn.close(), () => {});
  return false;
}

/** A probe that was not allowed to try has found nothing: it must not report a wall. */
function rethrowOwnFault(error: unknown): void {
  if (error instanceof Deno.errors.NotCapable) throw error;
}

async function tcpCheck(address: string, patience: Promise<null>): Promise<ProbeCheck> {
  const reached = await opens(Deno.connect(split(address)), patience).catch((error) => {
    rethrowOwnFault(error);
    // A refusal is an answer from over there: somebody was reached.
    return error instanceof Deno.errors.ConnectionRefused;
  });
  return check(`connect ${address}`, "unreachable", reached);
}

async function udpCheck(address: string): Promise<ProbeCheck> {
  const { hostname, port } = split(address);
  if (typeof Deno.listenDatagram !== "function") throw new Error("datagrams need --unstable-net");
  let reached = false;
  try {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    try {
      await socket.send(new Uint8Array(1), { transport: "udp", hostname, port });
      reached = true; // the kernel found a way out for it
    } finally {
      socket.close();
    }
  } catch (error) {
    rethrowOwnFault(error); // else: no route
  }
  return check(`send ${address} (UDP)`, "unreachable", reached);
}

async function nameCheck(name: string, patience: Promise<null>): Promise<ProbeCheck> {
  const reached = await opens(Deno.connect({ hostname: name, port: 443 }), patience)
    // Whatever fails after the look-up means that the name resolved.
    .catch((error) => !/lookup address|resolve|Name or service/i.test(String(error)));
  return check(`resolve ${name}`, "unreachable", reached);
}

/** Whether a relay port and what stands behind it answer; tried again until `deadline` (of `performance.now()`). */
async function serviceCheck(
  { port, socket }: { port: number; socket: string },
  deadline: number,
): Promise<ProbeCheck> {
  const name = `relay 127.0.0.1:${port}`;
  for (;;) {
    const both = await Promise.all([
      answers(() => Deno.connect({ hostname: "127.0.0.1", port })),
      answers(() => Deno.connect({ transport: "unix", path: socket })),
    ]);
    if (both.every(Boolean)) return check(name, "reachable", true);
    if (performance.now() > deadline) return check(name, "reachable", false);
    await pause(2);
  }
}

async function answers(connect: () => Promise<{ close(): void }>): Promise<boolean> {
  try {
    (await connect()).close();
    return true;
  } catch (error) {
    rethrowOwnFault(error);
    return false;
  }
}

/** A pause without setTimeout, see {@linkcode probe}. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) =>
    AbortSignal.timeout(ms).addEventListener("abort", () => resolve())
  );
}
