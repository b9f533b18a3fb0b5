import type { Buffer } from "node:buffer";
import type { Body } from "../http1/body.ts";
import { HttpSyntaxError } from "../http1/syntax_error.ts";
import { ByteQueue } from "./byte_queue.ts";

/** The body of one stream (RFC 9113 section 8.1.1): frames are pushed in, and read by asking. */
export class StreamBody implements Body {
  readonly length: number | null;
  readonly #onRead: (bytes: number) => void;
  readonly #queue = new ByteQueue();
  #received = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param length bytes, when the head announced them.
   * @param onRead told of bytes that need no memory any more.
   */
  constructor(length: number | null, onRead: (bytes: number) => void) {
    this.length = length;
    this.#onRead = onRead;
  }

  /** Whether more may be pushed. */
  get open(): boolean {
    return !this.#ended && this.#failure === undefined;
  }

  /** Whether it is not what its head announced. */
  get malformed(): boolean {
    return this.#failure instanceof HttpSyntaxError;
  }

  get done(): boolean {
    return this.length === 0 || (this.#ended && this.#queue.size === 0);
  }

  /** @throws HttpSyntaxError when the length is not the announced one, or the reason of {@linkcode fail}. */
  async read(): Promise<Buffer | null> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#onRead(chunk.length);
        return chunk;
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Takes the content of a DATA frame. */
  push(bytes: Buffer): void {
    if (!this.open) return;
    this.#received += bytes.length;
    if (this.#received > (this.length ?? Infinity)) return this.#failLength();
    this.#queue.push(bytes);
    this.#notify();
  }

  /** Only END_STREAM ends a body; what was cut off must not pass for the whole. */
  end(): void {
    if (!this.open) return;
    if (this.length !== null && this.#received !== this.length) return this.#failLength();
    this.#ended = true;
    this.#notify();
  }

  /** Breaks the body off, with what was not read of it. Does nothing once it has ended. */
  fail(error: Error): void {
    if (!this.open) return;
    this.#failure = error;
    this.#queue.clear();
    this.#notify();
  }

  #failLength(): void {
    this.fail(new HttpSyntaxError("the body is not as long as content-length says"));
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
