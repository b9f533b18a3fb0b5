import { Buffer } from "node:buffer";
import { join } from "node:path/posix";
import type { KnownSecret } from "../../dlp/known/known_secrets.ts";
import { buildScanner, type Scanner } from "../../dlp/scanner.ts";
import { GateFault } from "../gate_fault.ts";
import { contents, type NewObject } from "../git/new_objects.ts";
import { diskFull } from "../git/quarantine.ts";
import type { Quarantine } from "../git/quarantine.ts";
import type { ByteReader } from "../http/byte_reader.ts";
import type { GateLimits, GateTimeouts } from "../repo_config.ts";
import type { ArchiveKind } from "./archive_kind.ts";
import { Gitleaks } from "./gitleaks.ts";
import { NameText } from "./name_text.ts";
import { PieceFolder } from "./piece_folder.ts";
import type { PushFinding, TextSource } from "./source.ts";
import { endingOf, TextInspector } from "./text_inspector.ts";
import { treeEntries } from "./tree_entries.ts";

/** What a scanner for pushes is made of. */
export interface PushScannerOptions {
  readonly gitleaks: string | undefined;
  /** A folder of the gate's own. */
  readonly folder: string;
  readonly knownSecrets: readonly KnownSecret[];
  readonly limits: GateLimits;
  readonly timeouts: GateTimeouts;
}

/** What came of looking at one push. */
export interface PushScan {
  readonly findings: readonly PushFinding[];
  /** What could not be looked at, and why: the push is not clean then. */
  readonly unread: readonly { readonly source: TextSource; readonly reason: string }[];
}

/** Findings that are kept; one is enough to refuse. */
const MOST = 500;
/** Largest commit, tag or tree: they are looked at in one piece. */
const IN_MEMORY = 32 * 1024 * 1024;

/** Looks at every new object of a push, and at what the request itself says. */
export class PushScanner {
  readonly #options: PushScannerOptions;
  #scanners: { all: Scanner; known: Scanner } | undefined;
  #gitleaks: Promise<Gitleaks> | undefined;

  constructor(options: PushScannerOptions) {
    this.#options = options;
  }

  /** Makes everything ready: before the first push, so that it does not wait. @throws GateFault */
  async prepare(): Promise<void> {
    this.#scanner();
    await this.#ready();
  }

  /** Whether a text that is shown or recorded holds something that the detectors know. */
  finds(text: string): boolean {
    const { matches, incomplete } = this.#scanner().all.scan(new TextEncoder().encode(text));
    return incomplete !== undefined || matches.some(({ severity }) => severity !== "warn");
  }

  /**
   * @param said ref names and push options.
   * @throws GateFault when something keeps it from looking at everything.
   */
  async scan(
    quarantine: Quarantine,
    objects: readonly NewObject[],
    said: readonly string[],
    signal: AbortSignal,
  ): Promise<PushScan> {
    const { limits } = this.#options;
    const gitleaks = await this.#ready();
    const scratch = join(quarantine.path, "scan");
    Deno.mkdirSync(scratch, { mode: 0o700 });
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const looker = new PieceFolder(scratch, gitleaks, either, (finding) => report(finding));
    const findings: PushFinding[] = [];
    const unread: { source: TextSource; reason: string }[] = [];
    const report = (finding: PushFinding) => {
      if (findings.length < MOST) findings.push(finding);
    };
    const refuse = (source: TextSource, reason: string) => {
      if (unread.length < MOST) unread.push({ source, reason });
    };
    const inspector = new TextInspector({
      scanner: this.#scanner().all,
      pieces: looker,
      scratch,
      unpackedBytes: limits.unpacked_bytes,
      signal,
      report,
      refuse,
    });
    try {
      await this.#inspectAll(quarantine, objects, said, inspector, scratch, signal);
      await looker.finish();
    } finally {
      // Whatever went wrong, nothing of it works in a folder that is about to be removed.
      stop.abort();
      await looker.settled();
    }
    return { findings: distinct(findings), unread };
  }

  async #inspectAll(
    quarantine: Quarantine,
    objects: readonly NewObject[],
    said: readonly string[],
    inspector: TextInspector,
    scratch: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { limits, timeouts } = this.#options;
    const { known } = this.#scanner();
    await inspector.text(
      { kind: "request", path: "", linesKnown: false },
      once(new TextEncoder().encode(said.map((line) => `${line}\n`).join(""))),
    );
    const names = new NameText(inspector);
    const endings = new Map<string, Set<string>>();
    const blobs = new Set(objects.filter(({ kind }) => kind === "blob").map(({ id }) => id));
    const archives: { object: NewObject; kind: ArchiveKind }[] = [];
    const bounds = { timeout: timeouts.scan, signal };
    for await (const { object, bytes } of contents(quarantine, inOrder(objects), bounds)) {
      const source = { kind: object.kind, id: object.id, path: object.path };
      if (object.kind === "blob") {
        const [ending = ".txt", ...others] = endings.get(object.id) ?? [];
        const kind = await inspector.text({ ...source, linesKnown: true }, chunksOf(bytes), ending);
        if (kind !== undefined) archives.push({ object, kind });
        // One file under several names is rare: it is looked at again by the rules for the others.
        for (const other of others) await this.#again(quarantine, inspector, object, other, bounds);
        continue;
      }
      if (object.size > IN_MEMORY) {
        throw new GateFault("object_too_large", `a ${object.kind} has ${object.size} bytes`);
      }
      const whole = await bytes.exactly(object.size);
      await bytes.atEnd();
      if (object.kind === "tree") {
        await inspector.bytes({ ...source, linesKnown: false }, whole, known);
        for (const { name, id } of treeEntries(whole)) {
          await names.add(object.path, name, limits.path_bytes);
          const ending = endingOf(new TextDecoder("latin1").decode(name));
          // Entries of known objects and of submodules are as many as somebody likes.
          if (ending !== ".txt" && blobs.has(id)) {
            endings.set(id, (endings.get(id) ?? new Set()).add(ending));
          }
        }
      } else {
        await inspector.text({ ...source, linesKnown: false }, once(withoutIds(whole)));
      }
    }
    await names.end();
    const kinds = new Map(archives.map(({ object, kind }) => [object.id, kind]));
    const listed = archives.map(({ object }) => object);
    for await (const { object, bytes } of contents(quarantine, listed, bounds)) {
      const file = join(scratch, object.id);
      await spool(object, bytes, file);
      const source: TextSource = {
        kind: "blob",
        id: object.id,
        path: object.path,
        linesKnown: false,
      };
      await inspector.archive(source, file, kinds.get(object.id)!);
      await Deno.remove(file);
    }
  }

  async #again(
    quarantine: Quarantine,
    inspector: TextInspector,
    object: NewObject,
    ending: string,
    bounds: { readonly timeout: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const source: TextSource = { kind: "blob", id: object.id, path: object.path, linesKnown: true };
    for await (const { bytes } of contents(quarantine, [object], bounds)) {
      await inspector.text(source, chunksOf(bytes), ending);
    }
  }

  #scanner(): { all: Scanner; known: Scanner } {
    const secrets = this.#options.knownSecrets;
    this.#scanners ??= {
      all: buildScanner({ detectors: ["token_patterns", "known_secrets"], secrets }),
      known: buildScanner({ detectors: ["known_secrets"], secrets }),
    };
    return this.#scanners;
  }

  /** gitleaks may be installed while the gate runs: a failure is not remembered. */
  #ready(): Promise<Gitleaks> {
    const { gitleaks, folder, timeouts } = this.#options;
    this.#gitleaks ??= Gitleaks.prepare(gitleaks, folder, timeouts.gitleaks).catch((error) => {
      this.#gitleaks = undefined;
      throw error;
    });
    return this.#gitleaks;
  }
}

const ORDER = { commit: 0, tag: 1, tree: 2, blob: 3 } as const;

/** Trees before blobs: they say under which names a blob goes. */
function inOrder(objects: readonly NewObject[]): NewObject[] {
  return objects.toSorted((a, b) => ORDER[a.kind] - ORDER[b.kind]);
}

/**
 * A commit or tag without the ids that its header begins with: they are of objects that exist, and look like keys. Lines
 * like these further down are whatever somebody wrote.
 */
function withoutIds(object: Uint8Array): Uint8Array {
  const text = Buffer.from(object.buffer, object.byteOffset, object.length);
  const ids = /^(?:tree [0-9a-f]{40}\n(?:parent [0-9a-f]{40}\n)*|object [0-9a-f]{40}\n)/;
  return text.subarray(ids.exec(text.toString("latin1"))?.[0].length ?? 0);
}

async function* chunksOf(bytes: ByteReader): AsyncGenerator<Uint8Array> {
  for (let part = await bytes.some(1 << 20); part !== null; part = await bytes.some(1 << 20)) {
    yield part;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Writes an object into a file. */
async function spool(object: NewObject, bytes: ByteReader, path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  for await (const part of chunksOf(bytes)) {
    for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
  }
  const { size } = await file.stat();
  if (size !== object.size) throw diskFull(`${size} of ${object.size} bytes were written`);
}

/** Each finding once: pieces and windows overlap. */
function distinct(findings: readonly PushFinding[]): PushFinding[] {
  const seen = new Map<string, PushFinding>();
  for (const finding of findings) {
    const { source, rule, lines, offset } = finding;
    const key = `${source.kind} ${source.id} ${source.path} ${rule} ${lines?.first} ${offset}`;
    if (!seen.has(key)) seen.set(key, finding);
  }
  return [...seen.values()];
}
