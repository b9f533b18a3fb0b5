import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { HeadScanner } from "./head_scanner.ts";

/** Bytes kept for a reader that does not ask, before the socket is paused: backpressure reaches the sender. */
const HIGH_WATER = 256 * 1024;

/** Stops and restarts the source of a stream. */
export interface Valve {
  stop(): void;
  flow(): void;
}

/** The connection ended or failed where more bytes were needed. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/**
 * Reads a socket by asking: chunks as they arrive, or up to the end of a message head.
 * One reader at a time. What was read too far goes back with {@linkcode unread}.
 */
export class ByteReader {
  readonly #socket: Duplex;
  readonly #valve: Valve;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #paused = false;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #onData = (chunk: Buffer) => this.#take(chunk);
  readonly #onEnd = () => this.#finish();
  /** A stream that closes before its end was cut off: what was read of it may not pass for the whole. */
  readonly #onClose = () => {
    if (!this.#ended) this.#finish(new Error("the connection was cut off"));
  };
  readonly #onError = (error: Error) => this.#finish(error);

  /** @param valve what to stop when bytes pile up; the stream itself unless given. */
  constructor(
    socket: Duplex,
    valve: Valve = { stop: () => socket.pause(), flow: () => socket.resume() },
  ) {
    this.#socket = socket;
    this.#valve = valve;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("close", this.#onClose);
    socket.on("error", this.#onError);
    socket.resume();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= HIGH_WATER && !this.#paused) {
      this.#paused = true;
      this.#valve.stop();
    }
    this.#notify();
  }

  #finish(error?: Error): void {
    this.#ended = true;
    this.#failure ??= error;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Whether bytes wait, or the end was seen. */
  get idle(): boolean {
    return this.#size === 0 && !this.#ended;
  }

  /** Whether the other side has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next bytes, or null at the end. */
  async read(): Promise<Buffer | null> {
    while (this.#size === 0) {
      if (this.#failure !== undefined) throw new ConnectionLost(this.#failure.message);
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#chunks.shift()!;
    this.#size -= chunk.length;
    if (this.#paused && this.#size < HIGH_WATER) {
      this.#paused = false;
      this.#valve.flow();
    }
    return chunk;
  }

  /** Puts bytes back in front of everything else. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.unshift(bytes);
    this.#size += bytes.length;
  }

  /**
   * Reads a message head.
   *
   * @returns the head as latin-1 text up to and without its empty line, or null when the connection ended before
   * its first byte.
   * @throws HttpSyntaxError for what no head may hold, ConnectionLost when it ended in the middle.
   */
  async readHead(onFirstByte?: () => void): Promise<string | null> {
    const scanner = new HeadScanner();
    let bytes: Buffer | undefined;
    for (;;) {
      const chunk = await this.read();
      if (chunk === null) {
        if (bytes === undefined) return null;
        throw new ConnectionLost("the connection ended inside a message head");
      }
      if (bytes === undefined) onFirstByte?.();
      bytes = bytes === undefined ? chunk : Buffer.concat([bytes, chunk]);
      const found = scanner.scan(bytes);
      if (found === null) continue;
      this.unread(bytes.subarray(found.end));
      return bytes.toString("latin1", found.start, found.end - 4);
    }
  }

  /** Stops listening, pauses the stream and gives back what was read and not used. */
  release(): Buffer {
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("close", this.#onClose);
    this.#socket.off("error", this.#onError);
    this.#socket.pause();
    this.#size = 0;
    return Buffer.concat(this.#chunks.splice(0));
  }
}
