import type { Clock } from "../../core/clock.ts";
import type { SecretAccumulator } from "../../dlp/accumulate/secret_accumulator.ts";
import type { PlacedMatch } from "../../dlp/detector.ts";
import type { Fingerprint } from "../../dlp/finding.ts";
import { type HeaderField, headerValue } from "../header_list.ts";
import type { Message, ScannerOptions } from "./scanner_set.ts";
import { fingerprinter } from "./fingerprint.ts";

type Engine = typeof import("./engine.ts");

/** Largest body whose values are taken, in bytes. */
const LARGEST = 4 * 1024;
/** Headers up to this length count each time; a longer one that left before tells nothing new. */
const SHORT = 7;

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

  /**
   * Takes a request that is about to leave.
   *
   * @param fresh lines of its head that did not leave before.
   * @returns the secrets that it would complete.
   */
  async push(message: Message<HeaderField>, fresh: readonly string[]): Promise<PlacedMatch[]> {
    if (this.#options.secrets.length === 0) return [];
    const engine = this.#engine ??= await import("./engine.ts");
    this.#accumulator ??= new engine.SecretAccumulator(this.#options.secrets, {
      clock: this.#clock,
    });
    const coding = headerValue(message.headers, "content-encoding");
    let { body } = message;
    if (coding !== undefined && body.length > 0) {
      const decoded = engine.withoutContentCoding(body, coding, LARGEST);
      body = "bytes" in decoded ? decoded.bytes : EMPTY;
    }
    if (body.length > LARGEST) body = EMPTY;
    const headers = message.headers.filter(({ name, value }) =>
      value.length <= SHORT || fresh.includes(`${name}: ${value}`)
    );
    const { host, path, query } = message;
    const values = engine.shortValues({ host, path, query, headers, body });
    return this.#accumulator.push(message.host, values).map((match) => ({
      ...match,
      place: "requests before",
      fingerprint: this.#fingerprint(engine.nameOf(match)),
      context: "",
    }));
  }
}

const EMPTY = new Uint8Array(0);
