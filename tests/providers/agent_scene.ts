import { join } from "node:path/posix";
import { type Ended, LAUNCHER, Scratch } from "../cli/support.ts";
import { Screen } from "../cli/pty.ts";
import { type LocalService, serveTls } from "../integration/local_services.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { ConnectProxy } from "../fakes/model_api/connect_proxy.ts";
import { shareToolchains } from "./toolchain_cache.ts";

/** Handlers by the name of the host that they stand for. */
export type Upstreams = Readonly<Record<string, (request: Request) => Promise<Response>>>;

/** A real agent CLI and the local servers that stand for its API. */
export class AgentScene implements AsyncDisposable {
  readonly at = new Scratch();
  readonly proxy: ConnectProxy;
  readonly #services: LocalService[];

  /**
   * @param provider YAML of `agent_provider`, in flow style.
   * @param secret the credential that only the sidecar and the upstream may see.
   */
  constructor(
    toolchains: string,
    provider: string,
    upstreams: Upstreams,
    readonly secret = `tok-${crypto.randomUUID()}`,
  ) {
    const authority = new TestAuthority();
    const served = Object.entries(upstreams).map(([host, handler]) =>
      [host, serveTls(authority, host, handler)] as const
    );
    this.#services = served.map(([, service]) => service);
    this.proxy = new ConnectProxy(
      Object.fromEntries(served.map(([host, { port }]) => [`${host}:443`, port])),
    );
    this.at.write("upstream_ca.pem", authority.pem);
    this.at.bottle(
      "work",
      `agent_provider: ${provider}
git-gate: { user: { name: Agent, email: agent@example.org } }
egress:
  upstream_ca: ${join(this.at.home, "upstream_ca.pem")}
  upstream_proxy: ${this.proxy.url}`,
    );
    this.at.write("agents/worker.md", "---\nbottle: work\n---\nYou are the worker of this test.\n");
    shareToolchains(this.at.home, toolchains);
  }

  /** What bot-bottle is started with: the credential, and no way to install anything. */
  get #environment(): Record<string, string> {
    return { MODEL_TOKEN: this.secret, npm_config_registry: "http://127.0.0.1:9" };
  }

  /** The environment that bot-bottle is started with. */
  env(): Record<string, string> {
    return this.at.env(this.#environment);
  }

  run(...args: string[]): Promise<Ended> {
    return this.at.run(args, this.#environment);
  }

  /** Starts the program on a terminal of its own. */
  screen(...args: string[]): Screen {
    return this.screenWith({}, ...args);
  }

  /** The same with further variables. */
  screenWith(more: Readonly<Record<string, string>>, ...args: string[]): Screen {
    return new Screen(LAUNCHER, args, {
      cwd: this.at.project,
      env: { ...this.env(), TERM: "xterm-256color", ...more },
      cols: 100,
      rows: 30,
    });
  }

  /** The one bottle that is kept. */
  slug(): string {
    return this.at.names("state")[0]!;
  }

  /** Text of a file in the workspace of the bottle that is kept. */
  workspaceFile(name: string): string {
    return Deno.readTextFileSync(join(this.at.home, "state", this.slug(), "workspace", name));
  }

  /** Names in the workspace of the bottle that is kept. */
  workspaceNames(): string[] {
    return this.at.names(join("state", this.slug(), "workspace"));
  }

  /** Names of files below the bottle's state whose text holds `text`. */
  filesHolding(text: string): string[] {
    const found: string[] = [];
    const folders = [join(this.at.home, "state")];
    while (folders.length > 0) {
      const folder = folders.pop()!;
      for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
        const path = join(folder, name);
        if (isDirectory) folders.push(path);
        else if (isFile && Deno.readTextFileSync(path).includes(text)) found.push(path);
      }
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    for (const service of this.#services) await service[Symbol.asyncDispose]();
    this.at[Symbol.dispose]();
  }
}
