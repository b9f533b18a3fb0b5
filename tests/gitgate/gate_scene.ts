import { join } from "node:path/posix";
import type { EventFields } from "../../core/event.ts";
import type { Answer, Approvals, ProposalDraft } from "../../core/proposal.ts";
import { type Gate, type GateOptions, startGate } from "../../gitgate/gate.ts";
import { parseRepo } from "../../gitgate/repo_config.ts";
import { GitClient } from "./git_client.ts";
import { type SshUpstream, startSshd } from "./ssh_upstream.ts";

/** The first of these programs that exists. */
export function findProgram(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "", ".cache");
  const given = Deno.env.get(`BOT_BOTTLE_${name.toUpperCase()}`);
  const places = [
    ...(given === undefined ? [] : [given]),
    ...folders.map((folder) => join(folder, name)),
    join(Deno.env.get("BOT_BOTTLE_CACHE") ?? join(cache, "bot-bottle"), name),
    join(Deno.env.get("HOME") ?? "", "go", "bin", name),
  ];
  return places.find((path) => {
    try {
      return path.startsWith("/") && Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** @throws when it is not installed: a test that needs it must not pass without. */
export function neededProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) {
    throw new Error(`${name} is not installed; set BOT_BOTTLE_${name.toUpperCase()}`);
  }
  return path;
}

/** What a scene may do differently. */
export interface SceneOptions {
  readonly repo?: Record<string, unknown>;
  readonly gate?: Partial<GateOptions>;
  readonly approvals?: Approvals;
}

/** A gate over a real sshd with one repository, `app`, that has one commit on `main`. */
export class GateScene implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "bb-gate-" });
  readonly events: EventFields[] = [];
  readonly defects: unknown[] = [];
  readonly secret = `bottle-${crypto.randomUUID()}-${crypto.randomUUID()}`;
  readonly canary = `falcon-${crypto.randomUUID()}`;
  #ssh: SshUpstream | undefined;
  #gate: Gate | undefined;
  readonly #options: SceneOptions;
  #clients = 0;

  private constructor(options: SceneOptions) {
    this.#options = options;
  }

  static async start(options: SceneOptions = {}): Promise<GateScene> {
    const scene = new GateScene(options);
    await GitClient.run(scene.folder, "init", "-q", "--bare", "-b", "main", scene.upstreamPath);
    scene.#ssh = await startSshd(join(scene.folder, "ssh"), scene.folder);
    const first = await scene.direct();
    await first.commit("Begin", { "README.md": "# A repository\n", "src/a.ts": "export {};\n" });
    await first.git("push", "-q", "origin", "main");
    await scene.startGate();
    return scene;
  }

  get upstreamPath(): string {
    return join(this.folder, "upstream.git");
  }

  get gateFolder(): string {
    return join(this.folder, "gate");
  }

  get ssh(): SshUpstream {
    return this.#ssh!;
  }

  get gate(): Gate {
    return this.#gate!;
  }

  get url(): string {
    return `http://127.0.0.1:${this.gate.port}/app.git`;
  }

  /** What the gate is started with. */
  gateOptions(more: Partial<GateOptions> = {}): GateOptions {
    return {
      listen: { host: "127.0.0.1", port: 0 },
      dir: this.gateFolder,
      repos: [parseRepo({
        name: "app",
        url: this.ssh.url("upstream.git"),
        host_key: this.ssh.hostKey,
        identity_file: this.ssh.identityFile,
        ...this.#options.repo,
      })],
      tools: {
        git: neededProgram("git"),
        ssh: neededProgram("ssh"),
        gitleaks: neededProgram("gitleaks"),
      },
      knownSecrets: [
        { name: "EGRESS_TOKEN_0", value: this.secret },
        { name: "FALCON_LEDGER_SECRET", value: this.canary, canary: true },
      ],
      ...(this.#options.approvals === undefined ? {} : { approvals: this.#options.approvals }),
      token: () => undefined,
      record: (event) => void this.events.push(event),
      onDefect: (error) => void this.defects.push(error),
      ...this.#options.gate,
      ...more,
    };
  }

  async startGate(more: Partial<GateOptions> = {}): Promise<void> {
    this.#gate = await startGate(this.gateOptions(more));
  }

  async stopGate(): Promise<void> {
    await this.#gate?.[Symbol.asyncDispose]();
    this.#gate = undefined;
  }

  async stopSshd(): Promise<void> {
    await this.#ssh?.[Symbol.asyncDispose]();
  }

  async startSshd(newHostKey = false): Promise<void> {
    const { port } = this.ssh;
    const again = await startSshd(join(this.folder, "ssh"), this.folder, { port, newHostKey });
    // The gate keeps the pin it was started with.
    this.#ssh = newHostKey ? { ...again, hostKey: this.ssh.hostKey } : again;
  }

  /** Runs something while the upstream goes away as soon as `operator` was asked. */
  async stopSshdDuringForward(
    operator: { answer: (draft: ProposalDraft) => Answer | Promise<Answer> },
    action: () => Promise<void>,
  ): Promise<void> {
    const { answer } = operator;
    operator.answer = async (draft) => {
      await this.stopSshd();
      return await answer(draft);
    };
    await action();
    await this.startSshd();
    operator.answer = answer;
  }

  /** The host key that sshd has now. */
  freshHostKey(): { newKey: string } {
    const text = Deno.readTextFileSync(join(this.folder, "ssh", "host_key.pub"));
    return { newKey: text.trim().split(" ").slice(0, 2).join(" ") };
  }

  /** A clone through the gate. */
  clone(url = this.url): Promise<GitClient> {
    return GitClient.clone(url, join(this.folder, `clone-${this.#clients++}`));
  }

  /** A clone of the upstream itself, past the gate. */
  direct(): Promise<GitClient> {
    return GitClient.clone(this.upstreamPath, join(this.folder, `direct-${this.#clients++}`));
  }

  /** What the upstream has at a ref; undefined for none. */
  async upstreamRef(ref: string): Promise<string | undefined> {
    const { code, stdout } = await GitClient.try(
      this.upstreamPath,
      "rev-parse",
      "--verify",
      "-q",
      ref,
    );
    return code === 0 ? stdout.trim() : undefined;
  }

  /** Every ref of the upstream, as one text. */
  upstreamRefs(): Promise<string> {
    return GitClient.run(this.upstreamPath, "for-each-ref");
  }

  ofType(type: string): EventFields[] {
    return this.events.filter((event) => event.type === type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopGate();
    await this.stopSshd();
    await Deno.remove(this.folder, { recursive: true });
  }
}
