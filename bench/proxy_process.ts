import { MEMORY_ENVIRONMENT, SIDECAR_V8_FLAGS } from "../cli/bottle/sidecar_process.ts";
import { join } from "node:path/posix";
import type { TestAuthority } from "../tests/support/test_authority.ts";
import { HOSTS, linesOf, type Upstream } from "./load_tool.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const SIDECAR = join(ROOT, "dist/bot-bottle-sidecar.js");
const CONFIG = join(ROOT, "deno.json");

/** A proxy under load, in a process of its own. */
export interface ProxyProcess extends AsyncDisposable {
  /** `host:port` where it listens. */
  readonly address: string;
  /** The authority that a client names for one of the upstream's hosts. */
  authorityOf(host: string): string;
  /** Resident memory in MB (10^6 bytes), now and at its highest. */
  memory(): { readonly now: number; readonly peak: number };
}

/** Bundles the sidecar: what is measured is what users run. */
export async function buildSidecar(): Promise<void> {
  const build = new Deno.Command(join(ROOT, "scripts/build"), {
    env: { BOT_BOTTLE_DENO: Deno.execPath() },
  });
  const { code } = await build.spawn().status;
  if (code !== 0) throw new Error(`scripts/build ended with ${code}`);
}

/** What a proxy process is started with, to compare. */
export interface Tuning {
  /** The product's own unless given. */
  readonly v8Flags?: readonly string[];
}

/** Starts this project's proxy alone, with routes to the upstream. */
export async function startOwnProxy(
  folder: string,
  upstream: Upstream,
  authority: TestAuthority,
  { v8Flags = SIDECAR_V8_FLAGS }: Tuning = {},
): Promise<ProxyProcess> {
  const dir = await Deno.makeTempDir({ dir: folder });
  const routes = join(dir, "routes.yaml");
  const roots = join(dir, "roots.pem");
  await Deno.writeTextFile(roots, authority.pem);
  await Deno.writeTextFile(routes, routesText(upstream));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      "--no-lock",
      "--config",
      CONFIG,
      `--v8-flags=${v8Flags.join(",")}`,
      SIDECAR,
      "egress-serve",
      "--routes",
      routes,
      "--dir",
      join(dir, "contract"),
      "--upstream-ca",
      roots,
      ...Object.values(HOSTS).flatMap((host) => ["--host", `${host}=127.0.0.1`]),
    ],
    env: { ...MEMORY_ENVIRONMENT, EGRESS_TOKEN_0: `bench-${crypto.randomUUID()}` },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = linesOf(child.stdout);
  const ready = (await lines.next()).value ?? "";
  const port = /"port":\s*(\d+)/.exec(ready)?.[1];
  if (port === undefined) throw new Error(`The proxy did not start: ${ready}`);
  return {
    address: `127.0.0.1:${port}`,
    authorityOf: (host) => `${host}:${upstream.portOf(host)}`,
    memory: () => memoryOf(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
      await lines.return(undefined);
    },
  };
}

/** Routes for both hosts; the soak's denials are what the first one's matches leave out. */
function routesText(upstream: Upstream): string {
  const [first, second] = [HOSTS.withCredential, HOSTS.plain];
  return `routes:
  - host: ${first}
    allow_private: true
    ports: [${upstream.portOf(first)}]
    auth: {scheme: Bearer, token_ref: EGRESS_TOKEN_0}
    matches: [{paths: [{value: /small}, {value: /upload}, {value: /bytes}, {value: /events}]}]
  - host: ${second}
    allow_private: true
    ports: [${upstream.portOf(second)}]
    matches: [{paths: [{value: /small}, {value: /upload}, {value: /bytes}, {value: /events}]}]
`;
}

/**
 * Starts mitmdump on a port of its own; undefined where it is not installed.
 *
 * @param options further settings, `NAME=VALUE`.
 */
export async function startMitmproxy(
  folder: string,
  upstream: Upstream,
  options: readonly string[] = [],
): Promise<ProxyProcess | undefined> {
  const port = freePort();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("mitmdump", {
      args: [
        "--quiet",
        ...["--listen-host", "127.0.0.1", "--listen-port", String(port)],
        ...["--set", `confdir=${join(folder, "mitmproxy")}`],
        ...["--set", "ssl_insecure=true"],
        ...options.flatMap((option) => ["--set", option]),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  await untilListening(port);
  return {
    address: `127.0.0.1:${port}`,
    // It has no fixed addresses: the upstream is named by its own.
    authorityOf: (host) => `127.0.0.1:${upstream.portOf(host)}`,
    memory: () => memoryOf(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error("mitmdump did not start within 10 s");
}

function memoryOf(pid: number): { now: number; peak: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status)?.[1]);
  return { now: kilobytes("VmRSS") * 1.024 / 1000, peak: kilobytes("VmHWM") * 1.024 / 1000 };
}
