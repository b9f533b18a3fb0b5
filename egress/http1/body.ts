import type { Buffer } from "node:buffer";
import { type ByteReader, ConnectionLost } from "./byte_reader.ts";
import { ChunkedDecoder } from "./chunked.ts";
import type { Framing } from "./framing.ts";

/** A message body that is read by asking. */
export interface Body {
  /** Bytes, when the message says so beforehand; null otherwise. */
  readonly length: number | null;
  /** Whether everything was read. */
  readonly done: boolean;
  /** The next bytes, or null after the last. */
  read(): Promise<Buffer | null>;
}

/** The body of one HTTP/1 message on a connection that goes on after it. */
export class FramedBody implements Body {
  readonly length: number | null;
  readonly #reader: ByteReader;
  readonly #framing: Framing;
  readonly #decoder: ChunkedDecoder | undefined;
  readonly #ready: Buffer[] = [];
  #left = 0;
  #done = false;
  #touched = false;

  constructor(reader: ByteReader, framing: Framing) {
    this.#reader = reader;
    this.#framing = framing;
    this.length = framing.kind === "length" ? framing.length : framing.kind === "none" ? 0 : null;
    this.#left = this.length ?? 0;
    if (framing.kind === "chunked") this.#decoder = new ChunkedDecoder();
    this.#done = this.length === 0;
  }

  get done(): boolean {
    return this.#done && this.#ready.length === 0;
  }

  /** Whether reading has begun. */
  get touched(): boolean {
    return this.#touched;
  }

  /** @throws HttpSyntaxError on bad chunks, ConnectionLost when the connection ends too early. */
  async read(): Promise<Buffer | null> {
    this.#touched = true;
    for (;;) {
      const ready = this.#ready.shift();
      if (ready !== undefined) return ready;
      if (this.#done) return null;
      const chunk = await this.#reader.read();
      if (chunk === null) {
        if (this.#framing.kind !== "until-close") {
          throw new ConnectionLost("the connection ended inside a message body");
        }
        this.#done = true;
        return null;
      }
      if (chunk.length > 0) this.#take(chunk);
    }
  }

  #take(chunk: Buffer): void {
    if (this.#decoder !== undefined) {
      const used = this.#decoder.push(chunk, this.#ready);
      this.#done = this.#decoder.done;
      this.#reader.unread(chunk.subarray(used));
    } else if (this.#framing.kind === "length") {
      const mine = chunk.subarray(0, this.#left);
      this.#reader.unread(chunk.subarray(mine.length));
      this.#left -= mine.length;
      this.#done = this.#left === 0;
      this.#ready.push(mine);
    } else {
      this.#ready.push(chunk);
    }
  }
}

/** A body whose bytes are already there. */
export class BufferedBody implements Body {
  readonly length: number;
  #bytes: Buffer | null;
  constructor(bytes: Buffer) {
    this.length = bytes.length;
    this.#bytes = bytes.length === 0 ? null : bytes;
  }
  get done(): boolean {
    return this.#bytes === null;
  }
  read(): Promise<Buffer | null> {
    const bytes = this.#bytes;
    this.#bytes = null;
    return Promise.resolve(bytes);
  }
}
