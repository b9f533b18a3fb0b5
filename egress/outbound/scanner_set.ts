import type { MessageScan, OutboundMessage } from "../../dlp/detector.ts";
import type { KnownSecret } from "../../dlp/known/secret.ts";
import type { RedactableHeader, Redaction } from "../../dlp/redact/redact_request.ts";
import type { DetectorName, Scanner } from "../../dlp/scanner.ts";
import { fingerprinter } from "./fingerprint.ts";
import type { Inspection } from "./inspection.ts";

/** The scanning code, which is loaded when it is first needed: with the table of patterns it costs a start 100 ms. */
type Engine = typeof import("./engine.ts");

/** Lines of heads that are remembered for each set of detectors, and the longest of them in characters. */
const MOST_LINES = 2_048;
const LONGEST_LINE = 512;

/** What scanners are made of. */
export interface ScannerOptions {
  /** Values that must not leave. */
  readonly secrets: readonly KnownSecret[];
  /** Of fingerprints. */
  readonly key: Uint8Array;
}

/** A request whose header fields keep what they carry besides name and value. */
export type Message<Header extends RedactableHeader> = OutboundMessage & {
  readonly headers: readonly Header[];
};

/** Scanners by their detectors: made once, and kept over reloads of the policy. */
export class ScannerSet {
  readonly #options: ScannerOptions;
  readonly #scanners = new Map<string, Scanner>();
  readonly #fingerprint: (value: Uint8Array) => string;
  readonly #familiar = new Map<string, Set<string>>();
  #engine: Engine | undefined;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#fingerprint = fingerprinter(options.key);
  }

  /** The scanner of these detectors, if it was made already. */
  peek(detectors: readonly DetectorName[]): Scanner | undefined {
    return this.#scanners.get(keyOf(detectors));
  }

  /** The scanner of these detectors. */
  async get(detectors: readonly DetectorName[]): Promise<Scanner> {
    const known = this.peek(detectors);
    if (known !== undefined) return known;
    this.#engine ??= await import("./engine.ts");
    const made = this.peek(detectors) ??
      this.#engine.buildScanner({
        detectors,
        secrets: this.#options.secrets,
        fingerprint: this.#fingerprint,
      });
    this.#scanners.set(keyOf(detectors), made);
    return made;
  }

  /**
   * Looks at a whole request.
   *
   * @param isBrief whether others wait meanwhile: what unpacks to much more than it is counts as incomplete then.
   */
  async scan(
    message: OutboundMessage,
    { detectors, maxBody }: Pick<Inspection, "detectors" | "maxBody">,
    isBrief = false,
  ): Promise<MessageScan> {
    const scanner = await this.get(detectors);
    return this.#engine!.scanMessage(scanner, message, {
      maxBody,
      fingerprint: this.#fingerprint,
      familiar: this.#familiarTo(detectors),
      ...(isBrief ? { limits: this.#engine!.tightLimits } : {}),
    });
  }

  /** Remembers lines of a head that left and in which these detectors found nothing. */
  remember(lines: readonly string[], detectors: readonly DetectorName[]): void {
    const familiar = this.#familiarTo(detectors);
    for (const line of lines) if (line.length <= LONGEST_LINE) familiar.add(line);
    while (familiar.size > MOST_LINES) familiar.delete(familiar.values().next().value!);
  }

  #familiarTo(detectors: readonly DetectorName[]): Set<string> {
    const key = keyOf(detectors);
    const known = this.#familiar.get(key);
    if (known !== undefined) return known;
    const none = new Set<string>();
    this.#familiar.set(key, none);
    return none;
  }

  /** Takes what the detectors find out of a request. */
  async redact<Header extends RedactableHeader>(
    message: Message<Header>,
    detectors: readonly DetectorName[],
  ): Promise<Redaction<Header>> {
    const scanner = await this.get(detectors);
    return this.#engine!.redactRequest(message, scanner);
  }
}

function keyOf(detectors: readonly DetectorName[]): string {
  return detectors.length === 1 ? detectors[0]! : [...detectors].sort().join(" ");
}
