/**
 * Harmless documents to count false alarms in: files of npm packages, fetched by the machine's own npm client and kept
 * below `$BOT_BOTTLE_BENIGN` or the user's cache folder, so that they are fetched once.
 */
import { Buffer } from "node:buffer";

/** One file that nobody should be stopped for. */
export interface Document {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Larger files are not in the set: one of them would weigh more than a thousand others. */
const MOST_BYTES = 4_000_000;

/** A row of `benign_manifest`. */
export interface ManifestRow {
  readonly source: string;
  readonly package?: string;
  readonly version?: string;
}

/** Where fetched packages are kept. */
export function benignCache(): string {
  const named = Deno.env.get("BOT_BOTTLE_BENIGN");
  if (named !== undefined) return named;
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  return `${cache}/bot-bottle/benign`;
}

/** The folder of an unpacked package, fetched when it is not there. Throws with npm's own words when it cannot be had. */
export async function unpackedPackage(name: string, version: string): Promise<string> {
  const folder = `${benignCache()}/${name.replace("/", "+")}@${version}`;
  if (await isThere(folder)) return folder;
  await Deno.mkdir(benignCache(), { recursive: true });
  const work = await Deno.makeTempDir({ dir: benignCache(), prefix: ".fetch-" });
  try {
    const spec = `${name}@${version}`;
    await run("npm", ["pack", spec, "--ignore-scripts", "--silent", "--pack-destination", work]);
    const archive = [...Deno.readDirSync(work)].find((entry) => entry.name.endsWith(".tgz"));
    if (archive === undefined) throw new Error(`npm pack ${spec} made no archive`);
    const unpacked = `${work}/unpacked`;
    await Deno.mkdir(unpacked);
    await run("tar", ["-xzf", `${work}/${archive.name}`, "-C", unpacked, "--no-same-owner"]);
    await Deno.rename(unpacked, folder).catch((error) => {
      // Another run was faster: its folder is as good.
      if (!(error instanceof Deno.errors.AlreadyExists) && !/not empty/i.test(`${error}`)) {
        throw error;
      }
    });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return folder;
}

/** The files below a folder, at most 4 MB each. */
export function* documents(folder: string): Generator<Document> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* documents(path);
    else if (isFile && Deno.statSync(path).size <= MOST_BYTES) {
      yield { path, bytes: Deno.readFileSync(path) };
    }
  }
}

/**
 * Whether a document is, or quotes, a private key with a whole body (RFC 7468): test keys of crypto libraries. They are
 * real keys, and a whole private key that leaves is stopped whoever made it, so they are counted apart.
 */
export function holdsPrivateKey({ bytes }: Document): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s|[A-Z][A-Za-z-]{2,12}: [^\n\\]{0,80})*[A-Za-z0-9+/=\s\\"',]{60,}-----END|PuTTY-User-Key-File-[23]: \S+\s+Encryption: /
    .test(text);
}

/** What a command prints; throws with what it complains of. */
export async function run(command: string, args: string[], cwd?: string): Promise<Uint8Array> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  if (code !== 0) {
    const words = new TextDecoder().decode(stderr).trim().slice(0, 600);
    throw new Error(`${command} ${args.join(" ")} failed: ${words}`);
  }
  return stdout;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
