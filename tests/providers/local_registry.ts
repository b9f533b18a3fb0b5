import { basename, join } from "node:path/posix";
import { providerOf } from "../../providers/registry.ts";
import { wantedToolchain } from "../../cli/toolchain/folder.ts";
import type { PinnedPackage } from "../../providers/versions.ts";
import { cacheFolder } from "../cli/support.ts";

/** Archives as npm's own registry has them; CI keeps the folder between runs. */
const ARCHIVES = join(cacheFolder(), "test-archives");

/** Where the archive of a package is kept. */
function archiveOf({ name, version }: PinnedPackage): string {
  return join(ARCHIVES, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
}

/**
 * Fetches the archives that a provider is pinned to, once, by npm itself.
 *
 * @returns undefined when npm could not get them, which is said loudly.
 */
export async function pinnedPackages(
  provider: string,
): Promise<readonly PinnedPackage[] | undefined> {
  const { packages } = wantedToolchain("/", providerOf(provider))!;
  await Deno.mkdir(ARCHIVES, { recursive: true });
  for (const pinned of packages) {
    const archive = archiveOf(pinned);
    if (await integrityOf(archive) === pinned.integrity) continue;
    const { code, stdout, stderr } = await new Deno.Command("npm", {
      args: [
        "pack",
        `${pinned.name}@${pinned.version}`,
        "--silent",
        "--pack-destination",
        ARCHIVES,
      ],
      cwd: ARCHIVES,
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    if (code === 0) {
      await Deno.rename(join(ARCHIVES, basename(text.decode(stdout).trim())), archive);
      if (await integrityOf(archive) === pinned.integrity) continue;
    }
    const why = text.decode(stderr).trim().split("\n")[0];
    await Deno.stderr.write(
      new TextEncoder().encode(`\n  NOT RUN  ${provider}: npm cannot fetch its archive: ${why}\n`),
    );
    return undefined;
  }
  return packages;
}

async function integrityOf(path: string): Promise<string | undefined> {
  const bytes = await Deno.readFile(path).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
  return `sha512-${btoa(String.fromCharCode(...digest))}`;
}

/** A registry on loopback with the real archives of some packages. */
export class LocalRegistry implements AsyncDisposable {
  /** Names of the archives that were asked for. */
  readonly asked: string[] = [];
  /** Whether archives stop half-way until {@linkcode goOn}. */
  #halfway: PromiseWithResolvers<void> | undefined;
  readonly #archives: ReadonlyMap<string, string>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(readonly packages: readonly PinnedPackage[]) {
    this.#archives = new Map(packages.map((pinned) => {
      const archive = archiveOf(pinned);
      return [`/files/${basename(archive)}`, archive];
    }));
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** From now on archives stop half-way. */
  stopHalfway(): void {
    this.#halfway ??= Promise.withResolvers<void>();
  }

  /** What stopped goes on, and nothing stops any more. */
  goOn(): void {
    this.#halfway?.resolve();
    this.#halfway = undefined;
  }

  #answer(path: string): Response {
    const archive = this.#archives.get(path);
    if (archive !== undefined) {
      this.asked.push(basename(archive));
      return this.#archive(Deno.readFileSync(archive));
    }
    const name = decodeURIComponent(path.slice(1));
    const pinned = this.packages.find((one) => one.name === name);
    if (pinned === undefined) return new Response("{}", { status: 404 });
    const { version, integrity } = pinned;
    const tarball = `${this.url}/files/${basename(archiveOf(pinned))}`;
    return Response.json({
      name,
      "dist-tags": { latest: version },
      versions: { [version]: { name, version, dist: { tarball, integrity } } },
    });
  }

  #archive(bytes: Uint8Array<ArrayBuffer>): Response {
    const half = bytes.length >> 1;
    const goesOn = this.#halfway?.promise;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, half));
        await goesOn;
        try {
          controller.enqueue(bytes.subarray(half));
          controller.close();
        } catch { /* whoever asked is gone */ }
      },
    });
    return new Response(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.goOn();
    await this.#server.shutdown();
  }
}
