import { Buffer } from "node:buffer";
import { join } from "node:path/posix";
import { writeFully } from "../../sys/atomic_file.ts";
import { CANARY, KNOWN_SECRETS } from "../../dlp/known/known_secrets.ts";
import type { Scanner } from "../../dlp/scanner.ts";
import { GateFault } from "../gate_fault.ts";
import { archiveEntries, ArchiveFault } from "./archive_entries.ts";
import { type ArchiveKind, archiveKind, HEAD_BYTES } from "./archive_kind.ts";
import { breath } from "../breath.ts";
import type { PieceFolder } from "./piece_folder.ts";
import { Pieces } from "./pieces.ts";
import type { PushFinding, TextSource } from "./source.ts";
import { WideText } from "./wide_text.ts";
import { ZIP_MARK } from "./zip_parts.ts";

/** Bytes that the detectors see at once, and those that they see again with the next ones. */
const WINDOW = 256 * 1024;
const OVERLAP = 32 * 1024;
/** Bytes that are looked at in one go, and for how many a look counts besides what it looks at. */
const BREATH = 256 * 1024;
const EACH = 8 * 1024;
/** Archives in archives that are opened. */
const DEPTH = 4;

/** What the inspector works with. */
export interface InspectorOptions {
  readonly scanner: Scanner;
  readonly pieces: PieceFolder;
  /** Folder for what archives hold. */
  readonly scratch: string;
  /** Bytes that archives may unpack to, all together. */
  readonly unpackedBytes: number;
  readonly signal: AbortSignal;
  readonly report: (finding: PushFinding) => void;
  /** Told what cannot be looked at: it is not clean then. */
  readonly refuse: (source: TextSource, reason: string) => void;
}

/** Looks at texts of any size with both scanners, in memory of a few windows. */
export class TextInspector {
  readonly #options: InspectorOptions;
  #unpackedLeft: number;
  #breathless = 0;

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.#unpackedLeft = options.unpackedBytes;
  }

  /**
   * Looks at one text as it is, and at the wide text in it.
   *
   * @param ending of the file that gitleaks sees, since some of its rules are about endings.
   * @returns the kind of archive it is, which is for the caller to open.
   */
  async text(
    source: TextSource,
    chunks: AsyncIterable<Uint8Array>,
    ending = ".txt",
  ): Promise<ArchiveKind | undefined> {
    const pieces = new Pieces(this.#options.pieces, source, ending);
    const wide = new WideSide(this, source, ending);
    let head: Uint8Array = new Uint8Array(0);
    let zip = false;
    let held: Uint8Array = new Uint8Array(0);
    let base = 0;
    let seen = 0;
    const look = async () => {
      await this.#breathe(held.length);
      if (base === 0) head = held.slice(0, HEAD_BYTES);
      this.#detect(source, held, base, this.#options.scanner);
      zip ||= Buffer.from(held.buffer, held.byteOffset, held.length).includes(ZIP_MARK);
      const fresh = held.subarray(seen);
      await pieces.write(fresh);
      await wide.write(fresh);
    };
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + WINDOW + OVERLAP - held.length);
        held = held.length === 0 ? part : Buffer.concat([held, part]);
        at += part.length;
        if (held.length < WINDOW + OVERLAP) continue;
        await look();
        base += WINDOW;
        held = held.slice(WINDOW);
        seen = OVERLAP;
      }
    }
    if (held.length > seen) await look();
    await pieces.end();
    await wide.end();
    return archiveKind(head, zip);
  }

  /** Has the detectors of `scanner` alone look at bytes. */
  async bytes(source: TextSource, bytes: Uint8Array, scanner: Scanner): Promise<void> {
    for (let at = 0; at < bytes.length; at += WINDOW) {
      const window = bytes.subarray(at, at + WINDOW + OVERLAP);
      await this.#breathe(window.length);
      this.#detect(source, window, at, scanner);
    }
  }

  /** Now and then. */
  async #breathe(bytes: number): Promise<void> {
    this.#options.signal.throwIfAborted();
    this.#breathless += bytes + EACH;
    if (this.#breathless < BREATH) return;
    this.#breathless = 0;
    await breath();
  }

  #detect(source: TextSource, bytes: Uint8Array, base: number, scanner: Scanner): void {
    const { matches, incomplete } = scanner.scan(bytes, undefined, base);
    for (const { detector, rule, severity, start, scattered } of matches) {
      if (severity === "warn") continue;
      const offset = source.linesKnown && scattered !== true ? { offset: start } : {};
      const known = detector === KNOWN_SECRETS || detector === CANARY;
      this.#options.report({ source, detector, rule, known, ...offset });
    }
    if (incomplete !== undefined) {
      this.#options.refuse(source, `it cannot be decoded as a whole (${incomplete})`);
    }
  }

  /** Looks at what the archive in the file at `path` holds, and at archives in it. */
  async archive(source: TextSource, path: string, kind: ArchiveKind, depth = 1): Promise<void> {
    const { refuse, scratch } = this.#options;
    if ("closed" in kind) {
      return refuse(source, `it is an archive that cannot be opened (${kind.closed})`);
    }
    if (depth > DEPTH) return refuse(source, `archives lie in it more than ${DEPTH} deep`);
    try {
      for await (const { name, bytes, plain } of archiveEntries(path, kind.open)) {
        const inner: TextSource = {
          ...source,
          path: name === "" ? source.path : `${source.path}!${name}`,
          linesKnown: false,
        };
        const file = join(scratch, crypto.randomUUID());
        try {
          const found = plain
            ? await this.#nature(this.#spooled(bytes, file))
            : await this.text(inner, this.#spooled(bytes, file), endingOf(name));
          if (found !== undefined) await this.archive(inner, file, found, depth + 1);
        } finally {
          await Deno.remove(file).catch(() => undefined);
        }
      }
    } catch (error) {
      if (!(error instanceof ArchiveFault)) throw error;
      refuse(source, `it is an archive that cannot be opened (${error.message})`);
    }
  }

  /** What kind of archive a text is that was looked at already. */
  async #nature(chunks: AsyncIterable<Uint8Array>): Promise<ArchiveKind | undefined> {
    let head = Buffer.alloc(0);
    let zip = false;
    let tail = Buffer.alloc(0);
    for await (const chunk of chunks) {
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.slice(0, HEAD_BYTES)]);
      tail = Buffer.concat([tail, chunk]);
      zip ||= tail.includes(ZIP_MARK);
      tail = Buffer.from(tail.subarray(Math.max(0, tail.length - 3)));
    }
    return archiveKind(head.subarray(0, HEAD_BYTES), zip);
  }

  /** Passes bytes on and keeps them in a file, within what archives may unpack to. */
  async *#spooled(bytes: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
    using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    for await (const part of bytes) {
      this.#unpackedLeft -= part.length;
      if (this.#unpackedLeft < 0) {
        throw new GateFault(
          "archive_too_large",
          "archives in the push unpack to more than is looked at",
        );
      }
      writeFully(file, part);
      yield part;
    }
  }
}

/** Wide text beside a text: narrow, and looked at like any other. */
class WideSide {
  readonly #inspector: TextInspector;
  readonly #source: TextSource;
  readonly #ending: string;
  readonly #wide = new WideText();
  #found: Uint8Array[] = [];
  #size = 0;

  constructor(inspector: TextInspector, source: TextSource, ending: string) {
    this.#inspector = inspector;
    this.#source = { ...source, linesKnown: false };
    this.#ending = ending;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#add(this.#wide.push(bytes));
    if (this.#size > WINDOW) await this.#look(OVERLAP);
  }

  async end(): Promise<void> {
    this.#add(this.#wide.end());
    await this.#look(0);
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#found.push(bytes);
    this.#size += bytes.length;
  }

  async #look(keep: number): Promise<void> {
    if (this.#size === 0) return;
    const narrow = Buffer.concat(this.#found);
    const rest = narrow.subarray(Math.max(0, narrow.length - keep));
    this.#found = keep === 0 ? [] : [Buffer.from(rest)];
    this.#size = keep === 0 ? 0 : rest.length;
    await this.#inspector.text(
      this.#source,
      (async function* () {
        yield narrow;
      })(),
      this.#ending,
    );
  }
}

/** Endings that rules of gitleaks ask for; every other file is looked at under a neutral one. */
const ENDINGS = /(?:\.(?:ya?ml|tf|hcl|php|p12|pfx)|nuget\.config)$/i;

/** The ending under which gitleaks sees a file: nothing of the name's choice but these. */
export function endingOf(name: string): string {
  const found = ENDINGS.exec(name)?.[0].toLowerCase();
  if (found === undefined) return ".txt";
  return found === "nuget.config" ? "-nuget.config" : found;
}
