import { dirname, join } from "node:path/posix";

/** What a git command came to. */
export interface GitAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ENVIRONMENT = {
  HOME: "/nonexistent",
  PATH: "/usr/local/bin:/usr/bin:/bin",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  LC_ALL: "C",
};

/** A working copy, and the real git in it. */
export class GitClient {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async clone(url: string, path: string, ...args: string[]): Promise<GitClient> {
    await GitClient.run(dirname(path), "clone", "-q", ...args, url, path);
    return new GitClient(path);
  }

  /** Any outcome is an answer. */
  static async try(
    cwd: string,
    ...args: string[]
  ): Promise<GitAnswer> {
    return await GitClient.tryWith(cwd, {}, args);
  }

  static async tryWith(
    cwd: string,
    more: { readonly env?: Record<string, string>; readonly stdin?: Uint8Array | string },
    args: readonly string[],
  ): Promise<GitAnswer> {
    const child = new Deno.Command("git", {
      args: [...args],
      cwd,
      env: { ...ENVIRONMENT, ...more.env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const input = typeof more.stdin === "string"
      ? new TextEncoder().encode(more.stdin)
      : more.stdin;
    const fed = (async () => {
      if (input !== undefined) await writer.write(input as Uint8Array<ArrayBuffer>);
      await writer.close();
    })().catch(() => undefined);
    const { code, stdout, stderr } = await child.output();
    await fed;
    return {
      code,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
    };
  }

  /** Returns stdout; throws with stderr when it fails. */
  static async run(cwd: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await GitClient.try(cwd, ...args);
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  git(...args: string[]): Promise<string> {
    return GitClient.run(this.path, ...args);
  }

  try(...args: string[]): Promise<GitAnswer> {
    return GitClient.try(this.path, ...args);
  }

  /** Runs with more environment or an input; returns stdout, trimmed. */
  async with(
    more: { readonly env?: Record<string, string>; readonly stdin?: Uint8Array | string },
    ...args: string[]
  ): Promise<string> {
    const { code, stdout, stderr } = await GitClient.tryWith(this.path, more, args);
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Writes files and commits them; returns the commit. */
  async commit(
    message: string,
    files: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      await Deno.mkdir(dirname(path), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
    }
    await this.git("add", "-A");
    await this.git("commit", "-q", "--allow-empty", "-m", message);
    return (await this.git("rev-parse", "HEAD")).trim();
  }

  push(...args: string[]): Promise<GitAnswer> {
    return this.try("push", ...args);
  }

  /** Stores an object that porcelain would not make; returns its id. */
  async store(kind: string, content: Uint8Array | string): Promise<string> {
    return await this.with(
      { stdin: content },
      "hash-object",
      "-w",
      "--literally",
      "-t",
      kind,
      "--stdin",
    );
  }
}
