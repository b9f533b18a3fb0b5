import { GateFault } from "../gate_fault.ts";
import type { ProgramFault } from "../process/program.ts";
import { NO_OBJECT, type RefCommand } from "../protocol/receive_request.ts";
import type { GateTimeouts, RepoConfig } from "../repo_config.ts";
import type { GitPlace, GitRunner } from "./git_runner.ts";
import { mirrorRefspecs } from "./refspecs.ts";
import { type UpstreamAccess, upstreamProblem } from "./upstream.ts";

/** What a mirror is made of. */
export interface MirrorOptions {
  readonly repo: RepoConfig;
  readonly path: string;
  readonly git: GitRunner;
  readonly access: () => UpstreamAccess;
  readonly timeouts: GateTimeouts;
}

/** Milliseconds for a git that works on local files only. */
export const LOCAL = 60_000;

/** What git says about a repository on this side that it cannot work with. */
const BROKEN =
  /not a git repository|bad config|corrupt|is empty|bad object|does not point to a valid object|packfile .* (?:cannot|is)|too small|(?:Unable|unable) to create '[^']*\.lock'|index file|missing (?:blob|tree|commit)/;

/** The bare copy of one upstream: a cache, never ahead of the upstream, and made anew when it is broken. */
export class Mirror {
  readonly repo: RepoConfig;
  readonly path: string;
  readonly git: GitRunner;
  readonly #options: MirrorOptions;
  #ready: Promise<void> | undefined;
  #headKnown = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #freshAt = -Infinity;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.repo = options.repo;
    this.path = options.path;
    this.git = options.git;
  }

  /** For a git that works in this mirror. */
  get place(): GitPlace {
    return { gitDir: this.path };
  }

  /** For a git that talks to the upstream. */
  get upstreamPlace(): GitPlace {
    const { env, settings } = this.#options.access();
    return { gitDir: this.path, env, settings };
  }

  /**
   * Brings the mirror to where the upstream is, by a conversation that begins after this call.
   *
   * @param maxAge milliseconds; a conversation that ended no longer ago is enough.
   * @throws GateFault when the upstream cannot be reached: what is stale is not served.
   */
  async refresh(maxAge = 0): Promise<void> {
    if (performance.now() - this.#freshAt <= maxAge) return;
    if (this.#running === undefined) return await this.#begin();
    // The one under way may have seen the upstream before this call; whoever comes now shares the next one.
    this.#next ??= this.#running.catch(() => undefined).then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    await this.#next;
  }

  #begin(): Promise<void> {
    const running = this.#refresh().catch(async (error) => {
      if (!(error instanceof GateFault) || !BROKEN.test(error.detail ?? "")) throw error;
      // It is only a copy: what git cannot read is made anew, once.
      await Deno.remove(this.path, { recursive: true }).catch(() => undefined);
      this.#ready = undefined;
      this.#headKnown = false;
      await this.#refresh();
    }).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #refresh(): Promise<void> {
    this.#freshAt = -Infinity;
    await this.#exists();
    const { git, repo, upstreamPlace } = this;
    const timeout = this.#options.timeouts.upstream;
    const stop = new AbortController();
    const head = this.#headKnown ? undefined : this.#defaultBranch(stop.signal);
    head?.catch(() => undefined); // reported below, by the fetch's own failure if that comes first
    try {
      await git.text(
        [
          "fetch",
          "--quiet",
          "--no-tags",
          "--force",
          "--prune",
          "--no-auto-gc",
          "--no-write-fetch-head",
          "--no-recurse-submodules",
          "--end-of-options",
          repo.url,
          ...mirrorRefspecs(repo.refs),
        ],
        upstreamPlace,
        { timeout },
      );
      const branch = await head;
      if (branch !== undefined) {
        await git.text(["symbolic-ref", "HEAD", branch], this.place, { timeout: LOCAL });
      }
      this.#headKnown = true;
    } catch (error) {
      throw this.unreachable(error as ProgramFault);
    } finally {
      stop.abort();
      await head?.catch(() => undefined);
    }
    this.#freshAt = performance.now();
  }

  /** What a failed conversation with the upstream means. */
  unreachable(fault: ProgramFault): GateFault {
    const stderr = fault.end?.stderr ?? "";
    const why = fault.end?.stopped === "timeout"
      ? "it does not answer; try again later"
      : upstreamProblem(stderr);
    return new GateFault(
      "upstream_unavailable",
      `cannot reach the upstream of ${this.repo.name}: ${why}`,
      stderr === "" ? fault.message : stderr,
      fault,
    );
  }

  async #defaultBranch(signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.git.text(
      ["ls-remote", "--symref", "--end-of-options", this.repo.url, "HEAD"],
      this.upstreamPlace,
      { timeout: this.#options.timeouts.upstream, signal },
    );
    return /^ref: (refs\/heads\/[^\t\n]+)\tHEAD$/m.exec(answer)?.[1];
  }

  #exists(): Promise<void> {
    this.#ready ??= this.#create().catch((error) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #create(): Promise<void> {
    try {
      if (Deno.statSync(`${this.path}/HEAD`).isFile) {
        removeLeftovers(this.path);
        return;
      }
    } catch { /* it is made now */ }
    const making = `${this.path}.making`;
    await Deno.remove(making, { recursive: true }).catch(() => undefined);
    await this.git.text(
      ["init", "--quiet", "--bare", "--template=", "--initial-branch=main", making],
      {},
      { timeout: LOCAL },
    );
    await Deno.remove(this.path, { recursive: true }).catch(() => undefined);
    await Deno.rename(making, this.path);
  }

  /** Moves refs to where the upstream has them now. */
  async update(commands: readonly RefCommand[]): Promise<void> {
    const lines = commands.map(({ ref, new: to }) =>
      to === NO_OBJECT ? `delete ${ref}\n` : `update ${ref} ${to}\n`
    );
    await this.git.text(["update-ref", "--stdin"], this.place, {
      timeout: LOCAL,
      stdin: new TextEncoder().encode(lines.join("")),
    });
  }

  /** Every ref with its object id. */
  async refs(): Promise<Map<string, string>> {
    const text = await this.git.text(
      ["for-each-ref", "--format=%(objectname) %(refname)"],
      this.place,
      { timeout: LOCAL, most: 256 * 1024 * 1024 },
    );
    return new Map(
      text.split("\n").filter((line) => line !== "").map((
        line,
      ) => [line.slice(41), line.slice(0, 40)]),
    );
  }
}

/** Removes locks and half-written packs of a git that was killed. Nobody else works in the folder when a gate starts. */
function removeLeftovers(path: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    const inner = `${path}/${name}`;
    if (isDirectory && name !== "objects") removeLeftovers(inner);
    else if (isDirectory) removeTemporary(`${inner}/pack`);
    else if (name.endsWith(".lock")) Deno.removeSync(inner);
  }
}

function removeTemporary(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.startsWith("tmp_") || name.startsWith(".tmp-")) Deno.removeSync(`${folder}/${name}`);
  }
}
