import { join } from "node:path/posix";
import type { Gitleaks } from "./gitleaks.ts";
import type { PushFinding, TextSource } from "./source.ts";

/**
 * Bytes of text in one file. gitleaks 8.18 looks at 10,000 bytes at a time and does not join them; newer ones at
 * 100,000.
 */
export const PIECE = 9_400;
/** Bytes of a piece that are repeated in the next one, so that a value on the border is seen. */
export const OVERLAP = 1_400;
/**
 * First line of each file. gitleaks skips what begins like a known binary format, some of which are told by bytes far
 * behind the start (tar at 257): this line is there instead.
 */
const FIRST_LINE = new TextEncoder().encode(`${" ".repeat(399)}\n`);
/** Bytes and files that one run of gitleaks gets. */
const BATCH_BYTES = 12 * 1024 * 1024;
const BATCH_FILES = 4_000;
/** Runs at once. One uses little more than a core; the disk holds one folder more than this. */
const RUNS = 2;

/** Where a piece comes from. */
interface PieceOrigin {
  readonly source: TextSource;
  /** Number of the piece's first line in the source. */
  readonly line: number;
}

/** Collects pieces of text as files, and has gitleaks look at a folder of them while the next one fills. */
export class PieceFolder {
  readonly #folder: string;
  readonly #gitleaks: Gitleaks;
  readonly #signal: AbortSignal;
  readonly #report: (finding: PushFinding) => void;
  #origins = new Map<string, PieceOrigin>();
  #fault: { readonly error: unknown } | undefined;
  #bytes = 0;
  #batch = 0;
  readonly #running = new Set<Promise<void>>();

  constructor(
    folder: string,
    gitleaks: Gitleaks,
    signal: AbortSignal,
    report: (finding: PushFinding) => void,
  ) {
    this.#folder = folder;
    this.#gitleaks = gitleaks;
    this.#signal = signal;
    this.#report = report;
    Deno.mkdirSync(this.#path(), { mode: 0o700, recursive: true });
  }

  /** Adds one piece, at most {@linkcode PIECE} bytes. */
  async add(bytes: Uint8Array, ending: string, source: TextSource, line: number): Promise<void> {
    const name = `p${String(this.#origins.size).padStart(6, "0")}${ending}`;
    const file = new Uint8Array(FIRST_LINE.length + bytes.length);
    file.set(FIRST_LINE);
    file.set(bytes, FIRST_LINE.length);
    Deno.writeFileSync(join(this.#path(), name), file, { createNew: true, mode: 0o600 });
    this.#origins.set(name, { source, line });
    this.#bytes += file.length;
    if (this.#bytes >= BATCH_BYTES || this.#origins.size >= BATCH_FILES) await this.#run();
  }

  /** Has the rest looked at. @throws GateFault of any run. */
  async finish(): Promise<void> {
    await this.#run();
    await Promise.all(this.#running);
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /** Ends when no run is under way any more. Needed before the folder goes away. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  #path(): string {
    return join(this.#folder, `pieces-${this.#batch}`);
  }

  async #run(): Promise<void> {
    while (this.#running.size >= RUNS) await Promise.race(this.#running);
    if (this.#fault !== undefined) throw this.#fault.error;
    if (this.#origins.size === 0) return;
    const [path, origins] = [this.#path(), this.#origins];
    this.#origins = new Map();
    this.#bytes = 0;
    this.#batch++;
    Deno.mkdirSync(this.#path(), { mode: 0o700 });
    const run = this.#look(path, origins)
      .catch((error: unknown) => void (this.#fault ??= { error })) // thrown before the next run or at the end
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #look(path: string, origins: ReadonlyMap<string, PieceOrigin>): Promise<void> {
    try {
      for (const finding of await this.#gitleaks.scan(path, this.#signal)) {
        const origin = origins.get(finding.file);
        if (origin === undefined) throw new Error("gitleaks names a file that it was not given");
        const { source, line } = origin;
        // Line 1 of the file is ours. A rule about the name alone has no line.
        const lines = source.linesKnown && finding.startLine >= 1
          ? {
            first: Math.max(line, line + finding.startLine - 2),
            last: Math.max(line, line + finding.endLine - 2),
          }
          : undefined;
        this.#report({
          source,
          detector: "gitleaks",
          rule: finding.rule,
          ...(lines === undefined ? {} : { lines }),
          excerpt: finding.match,
          known: false,
        });
      }
    } finally {
      await Deno.remove(path, { recursive: true }).catch(() => undefined);
      await Deno.remove(`${path}.json`).catch(() => undefined);
    }
  }
}
