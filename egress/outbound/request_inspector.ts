import { Buffer } from "node:buffer";
import type { MessageScan } from "../../dlp/detector.ts";
import type { Redaction } from "../../dlp/redact/redact_request.ts";
import { type HeaderField, headerValue } from "../header_list.ts";
import type { ScanRules } from "./scan_job.ts";
import { ScanFailed, ScanPool } from "./scan_pool.ts";
import { type Message, type ScannerOptions, ScannerSet } from "./scanner_set.ts";

/** Bodies up to this many bytes are looked at where they are: in about the time that handing them over takes. */
const SMALL = 256 * 1024;

/** The same where values are taken out: that is a scan of each field, and more. */
const SMALL_TO_REDACT = 16 * 1024;

/** A request's findings, and its body. */
export interface Inspected {
  readonly scan: MessageScan;
  readonly body: Buffer;
}

/** A message as it was read from a connection. */
type Read = Message<HeaderField> & { readonly body: Buffer };

/** Looks at requests: small ones at once, large ones on another thread and within a time limit. */
export class RequestInspector implements Disposable {
  readonly scanners: ScannerSet;
  readonly #pool: ScanPool | undefined;

  /** @param worker script of the other threads; without it everything is looked at here. */
  constructor(options: ScannerOptions, worker: URL | undefined) {
    this.scanners = new ScannerSet(options);
    this.#pool = worker === undefined ? undefined : new ScanPool(worker, options);
  }

  /**
   * What the detectors find in a request, and its body: the one that was given may be gone afterwards.
   *
   * @param gone aborted when nobody waits for it any more.
   * @throws ScanFailed when it cannot be looked at in time: nothing is known of it; or the reason of `gone`.
   */
  async scan(message: Read, rules: ScanRules, gone?: () => AbortSignal): Promise<Inspected> {
    const pool = this.#pool;
    const { body } = message;
    const { length } = body;
    if (pool === undefined) return { scan: await this.scanners.scan(message, rules), body };
    if (length <= SMALL) {
      const isCoded = length > 0 && headerValue(message.headers, "content-encoding") !== undefined;
      const maxBody = isCoded ? Math.min(rules.maxBody, SMALL) : rules.maxBody;
      const scan = await this.scanners.scan(message, { detectors: rules.detectors, maxBody }, true);
      // What is small may decode to something large.
      const isTooLarge = scan.body?.tooLarge === true && maxBody !== rules.maxBody;
      if (!isTooLarge && scan.incomplete.length === 0) return { scan, body };
    }
    const result = await pool.run({ kind: "scan", message, rules: plain(rules) }, gone?.());
    if (!("scan" in result)) {
      throw new Error("failed" in result ? result.failed : "the scan has no result");
    }
    const { buffer, byteOffset, byteLength } = result.body;
    return { scan: result.scan, body: Buffer.from(buffer, byteOffset, byteLength) };
  }

  /** Takes what the detectors find out of a request, whose own body may be gone afterwards. */
  async redact(
    message: Message<HeaderField>,
    rules: ScanRules,
    gone?: () => AbortSignal,
  ): Promise<Redaction<HeaderField>> {
    const pool = this.#pool;
    if (pool === undefined || message.body.length <= SMALL_TO_REDACT) {
      return await this.scanners.redact(message, rules.detectors);
    }
    try {
      const result = await pool.run({ kind: "redact", message, rules: plain(rules) }, gone?.());
      if ("redaction" in result) return result.redaction;
      throw new Error("failed" in result ? result.failed : "the redaction has no result");
    } catch (error) {
      if (!(error instanceof ScanFailed)) throw error;
      return { refused: `the request ${error.message}` };
    }
  }

  [Symbol.dispose](): void {
    this.#pool?.[Symbol.dispose]();
  }
}

function plain({ detectors, maxBody }: ScanRules): ScanRules {
  return { detectors, maxBody };
}
