import type { Clock } from "../../core/clock.ts";
import type { SecretAccumulator } from "../../dlp/accumulate/secret_accumulator.ts";
import type { PlacedMatch } from "../../dlp/detector.ts";
import type { Fingerprint } from "../../dlp/finding.ts";
import { type HeaderField, headerValue } from "../header_list.ts";
import type { Message, ScannerOptions } from "./scanner_set.ts";
import { fingerprinter } from "./fingerprint.ts";

type Engine = typeof import("./engine.ts");

/** Largest body in a content coding that is decoded for its values, in bytes. */
const MOST_DECODED = 64 * 1024;

/** Watches for known secrets that leave in parts, over several requests. */
export class Accumulation {
  readonly #options: ScannerOptions;
  readonly #clock: Clock;
  readonly #fingerprint: Fingerprint;
  #engine: Engine | undefined;
  #accumulator: SecretAccumulator | undefined;

  constructor(options: ScannerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#fingerprint = fingerprinter(options.key);
  }

  /** Takes a request that is about to leave. The secrets that it would complete. */
  async push(message: Message<HeaderField>): Promise<PlacedMatch[]> {
    if (this.#options.secrets.length === 0) return [];
    const engine = this.#engine ??= await import("./engine.ts");
    this.#accumulator ??= new engine.SecretAccumulator(this.#options.secrets, {
      clock: this.#clock,
    });
    const coding = headerValue(message.headers, "content-encoding");
    let { body } = message;
    if (coding !== undefined && body.length > 0) {
      const decoded = engine.withoutContentCoding(body, coding, MOST_DECODED);
      body = "bytes" in decoded ? decoded.bytes : EMPTY;
    }
    const values = engine.shortValues({ ...message, body });
    return this.#accumulator.push(message.host, values).map((match) => ({
      ...match,
      place: "requests before",
      fingerprint: this.#fingerprint(engine.nameOf(match)),
      context: "",
    }));
  }
}

const EMPTY = new Uint8Array(0);
