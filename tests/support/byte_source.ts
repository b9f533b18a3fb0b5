import { Buffer } from "node:buffer";

/** What bytes are read from and written to: a TCP, TLS or unix connection. */
export interface ByteStream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Thrown when bytes did not come in time. */
export class TooLate extends Error {
  override readonly name = "TooLate";
}

/** Reads a stream up to a mark, a count or its end, and keeps what it read too far. */
export class ByteSource {
  readonly #stream: ByteStream;
  #parts: Buffer[] = [];
  #size = 0;
  #ended = false;
  #pending: Promise<number | null> | undefined;
  readonly #chunk = new Uint8Array(64 * 1024);

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** What was read and not used. */
  get held(): Buffer {
    if (this.#parts.length !== 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0]!;
  }

  /**
   * Waits for more bytes; false at the end. A reset counts as an end.
   *
   * @throws TooLate after `ms`; the read goes on and the next call takes it up.
   */
  async more(ms: number): Promise<boolean> {
    if (this.#ended) return false;
    this.#pending ??= this.#stream.read(this.#chunk).catch(() => null);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TooLate(`No bytes within ${ms} ms`)), ms);
    });
    try {
      const count = await Promise.race([this.#pending, late]);
      this.#pending = undefined;
      if (count === null) {
        this.#ended = true;
        return false;
      }
      this.#parts.push(Buffer.from(this.#chunk.subarray(0, count)));
      this.#size += count;
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes `count` bytes, or what there is when the stream ends before. */
  async take(count: number, ms: number): Promise<Buffer> {
    while (this.#size < count && await this.more(ms));
    return this.#cut(Math.min(count, this.#size));
  }

  /** Takes everything up to and with `mark`; null when the stream ends before. */
  async takeThrough(mark: string, ms: number): Promise<Buffer | null> {
    for (;;) {
      const at = this.held.indexOf(mark);
      if (at >= 0) return this.#cut(at + mark.length);
      if (!await this.more(ms)) return null;
    }
  }

  /** Takes everything to the end of the stream. */
  async rest(ms: number): Promise<Buffer> {
    while (await this.more(ms));
    return this.#cut(this.#size);
  }

  #cut(count: number): Buffer {
    const { held } = this;
    this.#parts = [held.subarray(count)];
    this.#size -= count;
    return held.subarray(0, count);
  }
}
