import { Buffer } from "node:buffer";
import type { InjectionFinding } from "../../dlp/injection/finding.ts";
import type {
  InjectionDetector,
  InjectionStream,
  InspectedText,
  TextForm,
} from "../../dlp/injection/injection_detector.ts";
import { looksBinary } from "../../dlp/injection/text_sniff.ts";
import type { Body } from "../http1/body.ts";

/** A body whose text is looked at on its way, without what is invisible in it. */
export class InspectedBody implements Body {
  readonly length: number | null;
  readonly #inner: Body;
  readonly #detector: InjectionDetector;
  readonly #form: TextForm;
  readonly #onFindings: (findings: readonly InjectionFinding[]) => void;
  /** Undefined before the first bytes, null when they are no text. */
  #stream: InjectionStream | null | undefined;
  #ended = false;

  /**
   * @param onFindings told of what was not seen before; what it throws ends the reading.
   * @param length of what will be read, where it is known.
   */
  constructor(
    inner: Body,
    detector: InjectionDetector,
    form: TextForm,
    onFindings: (findings: readonly InjectionFinding[]) => void,
    length: number | null,
  ) {
    this.#inner = inner;
    this.#detector = detector;
    this.#form = form;
    this.#onFindings = onFindings;
    this.length = length;
  }

  get done(): boolean {
    return this.#inner.done && this.#stream?.holding !== true;
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const bytes = await this.#inner.read();
      if (bytes === null) {
        if (this.#ended || this.#stream === null || this.#stream === undefined) return null;
        this.#ended = true;
        const rest = this.#taken(this.#stream.end());
        return rest.length === 0 ? null : rest;
      }
      this.#stream ??= this.#form.careful === true && looksBinary(bytes)
        ? null
        : this.#detector.stream(this.#form);
      if (this.#stream === null) return bytes;
      const clean = this.#taken(this.#stream.push(bytes));
      if (clean.length > 0) return clean;
    }
  }

  #taken({ clean, findings }: InspectedText): Buffer {
    if (findings.length > 0) this.#onFindings(findings);
    return Buffer.isBuffer(clean)
      ? clean
      : Buffer.from(clean.buffer, clean.byteOffset, clean.length);
  }
}
