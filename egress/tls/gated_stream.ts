import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { Valve } from "../http1/byte_reader.ts";

/**
 * A stream for TLS to run on, whose source can really be stopped.
 *
 * `pause()` on a `TLSSocket` stops its events but not its reading (Deno 2.9: 256 MB behind a paused reader grew
 * the process by 540 MB). With this stream between them, the reader of the decrypted side pauses the raw socket.
 */
export class GatedStream extends Duplex implements Valve {
  readonly #raw: Socket;

  constructor(raw: Socket) {
    super({ allowHalfOpen: true });
    this.#raw = raw;
    raw.on("data", (bytes) => this.push(bytes));
    raw.on("end", () => this.push(null));
    raw.on("error", () => this.destroy());
    raw.on("close", () => this.destroy());
    this.on("error", () => this.destroy()); // TLS reports it to its own user; unheard, it would end the process
    raw.resume();
  }

  stop(): void {
    this.#raw.pause();
  }

  flow(): void {
    this.#raw.resume();
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    if (this.#raw.destroyed) return done(new Error("the connection is closed"));
    if (this.#raw.write(bytes)) return done();
    const settle = () => {
      this.#raw.off("drain", settle);
      this.#raw.off("close", settle);
      done();
    };
    this.#raw.on("drain", settle);
    this.#raw.on("close", settle);
  }

  override _final(done: (error?: Error) => void): void {
    this.#raw.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }
}
