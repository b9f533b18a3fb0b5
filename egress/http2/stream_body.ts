import { Buffer } from "node:buffer";
import type { Body } from "../http1/body.ts";
import { HttpSyntaxError } from "../http1/syntax_error.ts";

/** Pieces below this size are put together: a body of single bytes must not cost a buffer for each. */
const BLOCK_BYTES = 4_096;

/** The body of one stream: frames are pushed in, and read by asking. */
export class StreamBody implements Body {
  readonly length: number | null;
  readonly #onRead: (bytes: number) => void;
  readonly #chunks: Buffer[] = [];
  /** The last chunk, with room behind what it holds. */
  #block: Buffer | undefined;
  #filled = 0;
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
    const empty = this.#chunks.length === 0 && this.#block === undefined;
    return this.length === 0 || (this.#ended && empty);
  }

  /** @throws HttpSyntaxError when the length is not the announced one, or the reason of {@linkcode fail}. */
  async read(): Promise<Buffer | null> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const chunk = this.#shift();
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
    if (bytes.length > 0) this.#keep(bytes);
    this.#notify();
  }

  /** Copies: what was received is part of something larger, which need not stay. */
  #keep(bytes: Buffer): void {
    const block = this.#block;
    if (block !== undefined && this.#filled + bytes.length <= block.length) {
      bytes.copy(block, this.#filled);
      this.#filled += bytes.length;
      return;
    }
    this.#closeBlock();
    if (bytes.length >= BLOCK_BYTES) return void this.#chunks.push(Buffer.from(bytes));
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#filled = bytes.copy(this.#block);
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#filled));
    this.#block = undefined;
  }

  #shift(): Buffer | undefined {
    if (this.#chunks.length === 0) this.#closeBlock();
    return this.#chunks.shift();
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
    this.#chunks.length = 0;
    this.#block = undefined;
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
