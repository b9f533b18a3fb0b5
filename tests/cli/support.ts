import { dirname, join } from "node:path/posix";

/** The checkout. */
export const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** The launcher. */
export const LAUNCHER = join(ROOT, "bot-bottle");

/** How a command of the real program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home folder and a working directory of their own for one test; removed at its end. */
export class Scratch implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "bb-" });
  readonly home = join(this.root, "home");
  readonly project = join(this.root, "project");

  constructor() {
    Deno.mkdirSync(this.project);
    Deno.mkdirSync(this.home, { mode: 0o700 });
  }

  /** Writes a file below the home folder. */
  write(path: string, text: string): void {
    const file = join(this.home, path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }

  bottle(name: string, frontmatter: string): void {
    this.write(`bottles/${name}.md`, `---\n${frontmatter}\n---\n`);
  }

  agent(name: string, frontmatter: string): void {
    this.write(`agents/${name}.md`, `---\n${frontmatter}\n---\nBe brief.\n`);
  }

  /** The environment that the program is started with. */
  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
      HOME: this.root,
      BOT_BOTTLE_HOME: this.home,
      BOT_BOTTLE_CACHE: cacheFolder(),
      // For the rebuild of the bundles, should a source have changed just now.
      DENO_DIR: Deno.env.get("DENO_DIR") ?? join(cachesFolder(), "deno"),
      NO_COLOR: "1",
      ...more,
    };
  }

  /** Starts the program; stdin is empty. */
  start(args: readonly string[], more: Readonly<Record<string, string>> = {}): Deno.ChildProcess {
    return new Deno.Command(LAUNCHER, {
      args: [...args],
      cwd: this.project,
      clearEnv: true,
      env: this.env(more),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs the program to its end. */
  async run(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const { code, stdout, stderr } = await this.start(args, more).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  }

  /** Names in a folder below home; none when it is not there. */
  names(folder: string): string[] {
    try {
      return [...Deno.readDirSync(join(this.home, folder))].map(({ name }) => name).sort();
    } catch {
      return [];
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

/** Where the pinned Deno is; the scratch home has none. */
export function cacheFolder(): string {
  const named = Deno.env.get("BOT_BOTTLE_CACHE");
  if (named !== undefined) return named;
  return join(cachesFolder(), "bot-bottle");
}

function cachesFolder(): string {
  return Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME")!, ".cache");
}

/** Waits until `done`, at most `ms`; whether it came true. */
export async function until(done: () => boolean | Promise<boolean>, ms = 10_000): Promise<boolean> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if (await done()) return true;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  return false;
}

/** Pids of processes that run; zombies left out. */
function processes(matches: (commandLine: string) => boolean): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${name}/status`))) continue;
      if (matches(Deno.readTextFileSync(`/proc/${name}/cmdline`))) found.push(Number(name));
    } catch { /* it ended */ }
  }
  return found;
}

/** Pids whose command line holds `text`. */
export function processesNaming(text: string): number[] {
  return processes((commandLine) => commandLine.includes(text));
}

/** Pids of processes whose working directory is `folder` or below it. */
export function processesIn(folder: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
    try {
      return /^\d+$/.test(name) &&
        `${Deno.readLinkSync(`/proc/${name}/cwd`)}/`.startsWith(`${folder}/`);
    } catch {
      return false; // it ended
    }
  }).map(Number);
}

/** Pids of exactly this command. */
export function processesRunning(...argv: string[]): number[] {
  return processes((commandLine) => commandLine === `${argv.join("\0")}\0`);
}
