import { join } from "node:path/posix";
import { ContractPath } from "../../core/contract_path.ts";
import type { Json } from "../../core/event.ts";
import { readEventLines } from "../../sys/event_log_files.ts";
import { replaceFile } from "../../sys/atomic_file.ts";
import { openTunnel, type RawClient } from "../support/raw_client.ts";
import type { RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A sidecar in its own process and permission set, with a contract directory of its own. */
export class SidecarProcess implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync({ prefix: "bb-sidecar-" });
  readonly authority = new TestAuthority();
  readonly #upstreamRoots: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: Deno.ChildProcess | undefined;
  #generation = 0;
  #said: Promise<string> = Promise.resolve("");
  port = 0;

  /** @param upstreamRoots PEM that upstreams' certificates come from. */
  constructor(upstreamRoots: string, environment: Readonly<Record<string, string>> = {}) {
    this.#upstreamRoots = upstreamRoots;
    this.#environment = environment;
    for (const folder of ["config", "queue", "events"]) Deno.mkdirSync(join(this.dir, folder));
  }

  /** A route that leads `upstream.host` to the local port of `upstream`. */
  static route(upstream: RecordingUpstream, more: Readonly<Record<string, Json>> = {}): Json {
    return { host: upstream.host, ports: [upstream.port], allow_private: true, ...more };
  }

  /** Writes the configuration, as a host does. */
  configure(routes: readonly Json[] | string, hosts: readonly string[] = []): void {
    const fixed = Object.fromEntries(hosts.map((host) => [host, "127.0.0.1"]));
    this.#write(
      ContractPath.sidecar,
      JSON.stringify({
        version: 1,
        slug: "fault",
        listeners: { egress: { tcp: { host: "127.0.0.1", port: this.port } } },
        egress: { upstream_ca: "config/upstream_ca.pem", hosts: fixed },
      }),
    );
    this.#write("config/upstream_ca.pem", this.#upstreamRoots);
    this.#write(ContractPath.caCertificate, this.authority.certified.certificate);
    this.#write(ContractPath.caKey, this.authority.certified.key);
    this.#write(
      ContractPath.routes,
      typeof routes === "string" ? routes : JSON.stringify({ routes }),
    );
    this.#write(ContractPath.generation, String(++this.#generation));
  }

  #write(path: string, text: string): void {
    replaceFile(join(this.dir, path), text, 0o600);
  }

  /** Starts it and waits until it is ready. Its stderr comes back when it ends before. */
  async start(): Promise<void> {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--config",
        `${ROOT}deno.json`,
        "-P=sidecar",
        "--v8-flags=--enable-experimental-regexp-engine",
        `--allow-read=${this.dir},${ROOT},/etc/resolv.conf,/etc/hosts`,
        `--allow-write=${this.dir}`,
        `${ROOT}sidecar/main.ts`,
        "serve",
        "--dir",
        this.dir,
      ],
      clearEnv: true,
      env: { HOME: this.dir, DENO_DIR: denoDir(), ...this.#environment },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = this.#child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    if (value === undefined) {
      const { stderr } = await this.#child.output();
      throw new Error(new TextDecoder().decode(stderr));
    }
    this.port = JSON.parse(new TextDecoder().decode(value)).port;
    this.#said = new Response(this.#child.stderr).text();
  }

  /** What it wrote to stderr, once it has ended. */
  async said(): Promise<string> {
    return await this.#said;
  }

  get pid(): number {
    return this.#child!.pid;
  }

  /** Waits until the process has ended, and lets go of its pipes. */
  async ended(): Promise<Deno.CommandStatus> {
    const child = this.#child!;
    const status = await child.status;
    await child.stdin.close().catch(() => {}); // it may be closed by a test, or broken by the end
    await child.stdout.cancel().catch(() => {});
    await child.stderr.cancel().catch(() => {});
    return status;
  }

  kill(signal: Deno.Signal): void {
    this.#child!.kill(signal);
  }

  /** What happens when the host goes away. */
  async closeStdin(): Promise<void> {
    await this.#child!.stdin.close();
  }

  tunnel(upstream: RecordingUpstream): Promise<RawClient> {
    return openTunnel(this.port, `${upstream.host}:${upstream.port}`, {
      trust: this.authority.pem,
    });
  }

  get eventLog(): string {
    return join(this.dir, ContractPath.events);
  }

  events(): Record<string, Json>[] {
    return [...readEventLines(this.eventLog)].map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child?.kill("SIGKILL");
    } catch { /* ended already */ }
    if (this.#child !== undefined) await this.ended();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

function denoDir(): string {
  return Deno.env.get("DENO_DIR") ??
    join(Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME")!, ".cache"), "deno");
}
