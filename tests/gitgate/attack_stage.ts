import { join } from "node:path/posix";
import { GitClient } from "./git_client.ts";

/** What became of one attempt. */
export interface Attempt {
  /** Whether what was tried is with the gate now. */
  readonly accepted: boolean;
  /** What the gate said, for a person. */
  readonly said: string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A made-up token of a form that scanners know. It opens nothing. */
export function madeUpToken(ending = ""): string {
  const random = crypto.getRandomValues(new Uint8Array(36 - ending.length));
  return `${"gh"}p_${[...random].map((byte) => LETTERS[byte % LETTERS.length]).join("")}${ending}`;
}

/** A fresh clone from the gate under test, and ways to push to it that git's own commands do not have. */
export class AttackStage implements AsyncDisposable {
  readonly client: GitClient;
  readonly url: string;
  /** Folder of branches that attempts push to, `refs/heads/…/` without the first part. */
  readonly prefix: string;
  /** Milliseconds after which an attempt that is still held counts as not accepted. */
  readonly patience: number;
  readonly token = madeUpToken();
  #branches = 0;

  private constructor(client: GitClient, url: string, prefix: string, patience: number) {
    this.client = client;
    this.url = url;
    this.prefix = prefix;
    this.patience = patience;
  }

  static async open(url: string, prefix: string, patience: number): Promise<AttackStage> {
    const folder = await Deno.makeTempDir({ prefix: "gate-check-" });
    const client = await GitClient.clone(url, join(folder, "clone"));
    await client.git("config", "core.autocrlf", "false");
    return new AttackStage(client, url, prefix, patience);
  }

  /** A branch name that nobody used. */
  branch(): string {
    return `refs/heads/${this.prefix}${crypto.randomUUID().slice(0, 8)}-${this.#branches++}`;
  }

  /** Pushes what HEAD is to a new branch. */
  async pushHead(...options: string[]): Promise<Attempt> {
    return await this.push(this.branch(), "HEAD", ...options);
  }

  /** Pushes an object to a ref; accepted is what the gate shows at that ref afterwards. */
  async push(ref: string, what: string, ...options: string[]): Promise<Attempt> {
    const id = (await this.client.git("rev-parse", what)).trim();
    const { stderr } = await this.#bounded(["push", ...options, this.url, `${what}:${ref}`]);
    return { accepted: await this.at(ref) === id, said: stderr };
  }

  /** Commits files and pushes them. */
  async pushFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<Attempt> {
    await this.client.commit("Change files", files);
    return await this.pushHead();
  }

  /** What the gate shows at a ref. */
  async at(ref: string): Promise<string | undefined> {
    const { stdout } = await this.client.try("ls-remote", this.url, ref);
    return /^[0-9a-f]{40}/.exec(stdout)?.[0];
  }

  /** Sends a push that git itself would not: any commands, any pack. */
  async pushRaw(
    commands: readonly (readonly [old: string, to: string, ref: string])[],
    pack: Uint8Array,
    capabilities = "report-status",
    options: readonly string[] = [],
  ): Promise<Attempt> {
    const lines = commands.map(([old, to, ref], index) =>
      pkt(`${old} ${to} ${ref}${index === 0 ? `\0${capabilities}` : ""}`)
    );
    const said = await this.post(
      "git-receive-pack",
      join8([
        ...lines,
        text("0000"),
        ...options.map(pkt),
        ...(options.length === 0 ? [] : [text("0000")]),
        pack,
      ]),
    );
    const taken = await Promise.all(commands.map(async ([, to, ref]) => await this.at(ref) === to));
    return { accepted: taken.some(Boolean), said };
  }

  /** POSTs a body; returns status and answer as one text. */
  async post(
    service: string,
    body: Uint8Array | ReadableStream<Uint8Array>,
    headers: Record<string, string> = {},
  ): Promise<string> {
    try {
      const response = await fetch(`${this.url}/${service}`, {
        method: "POST",
        body: body as BodyInit,
        headers: { "content-type": `application/x-${service}-request`, ...headers },
        signal: AbortSignal.timeout(this.patience),
      });
      return `${response.status} ${await response.text()}`;
    } catch (error) {
      return `no answer: ${(error as Error).message}`;
    }
  }

  /** A pack of exactly these objects. */
  async pack(ids: readonly string[]): Promise<Uint8Array> {
    const child = new Deno.Command("git", {
      args: ["pack-objects", "--stdout", "-q"],
      cwd: this.client.path,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(text(ids.map((id) => `${id}\n`).join("")));
    await writer.close();
    return (await child.output()).stdout;
  }

  async #bounded(args: readonly string[]): Promise<{ stderr: string }> {
    const { promise: late, resolve } = Promise.withResolvers<{ stderr: string }>();
    const timer = setTimeout(() => resolve({ stderr: "held; not waited for" }), this.patience);
    const answer = await Promise.race([this.client.try(...args), late]);
    clearTimeout(timer);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(join(this.client.path, ".."), { recursive: true });
  }
}

/** UTF-8 bytes. */
export function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

/** One pkt-line. */
export function pkt(value: string): Uint8Array {
  const bytes = text(value);
  return join8([text((bytes.length + 4).toString(16).padStart(4, "0")), bytes]);
}

/** Byte strings as one. */
export function join8(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Forty zeros. */
export const NOTHING = "0".repeat(40);
