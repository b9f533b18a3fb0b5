import type { MessageScan, OutboundMessage, ScanOptions } from "../../dlp/detector.ts";
import type { KnownSecret } from "../../dlp/known/secret.ts";
import type { DetectorName, Scanner } from "../../dlp/scanner.ts";
import { fingerprinter } from "./fingerprint.ts";
import type { Inspection } from "./inspection.ts";

/** The scanning code, which is loaded when it is first needed: the table of patterns costs a start 50 ms. */
type Engine = typeof import("./engine.ts");

/** What a set of detectors looks for. */
export interface InspectorOptions {
  readonly secrets: readonly KnownSecret[];
  /** Of fingerprints. */
  readonly key: Uint8Array;
}

/** Scanners by their detectors: made once, and kept over reloads of the policy. */
export class ScannerSet {
  readonly #options: InspectorOptions;
  readonly #scanners = new Map<string, Scanner>();
  readonly #fingerprint: (value: Uint8Array) => string;
  #engine: Engine | undefined;

  constructor(options: InspectorOptions) {
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
      this.#engine.buildScanner({ detectors, secrets: this.#options.secrets });
    this.#scanners.set(keyOf(detectors), made);
    return made;
  }

  /** Looks at a whole request, on this thread. */
  async scan(message: OutboundMessage, inspection: Inspection): Promise<MessageScan> {
    const scanner = await this.get(inspection.detectors);
    return this.#engine!.scanMessage(scanner, message, this.#scanOptions(inspection.maxBody));
  }

  #scanOptions(maxBody: number): ScanOptions {
    return { maxBody, fingerprint: this.#fingerprint };
  }
}

function keyOf(detectors: readonly DetectorName[]): string {
  return [...detectors].sort().join(" ");
}
