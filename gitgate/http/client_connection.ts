import { writeAllWith } from "./write_all.ts";

/** One client's connection; each read and each write has `idle` milliseconds. */
export class ClientConnection implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #idle: number;
  readonly #gone = new AbortController();
  readonly #buffer = new Uint8Array(64 * 1024);

  constructor(conn: Deno.Conn, idle: number) {
    this.#conn = conn;
    this.#idle = idle;
  }

  /** Aborted when the client is gone or too slow. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The next bytes; null at the end. The bytes are the caller's. */
  async read(idle = this.#idle): Promise<Uint8Array | null> {
    const count = await this.#within(idle, () => this.#conn.read(this.#buffer));
    return count === null ? null : this.#buffer.slice(0, count);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await writeAllWith((part) => this.#within(this.#idle, () => this.#conn.write(part)), bytes);
  }

  /** Watches for the end of a client from whom nothing more is expected. */
  async watch(): Promise<void> {
    try {
      await this.#conn.read(this.#buffer.subarray(0, 1));
    } catch { /* closed here or there */ }
    // One request a connection: further bytes are no part of it.
    this.#gone.abort();
  }

  [Symbol.dispose](): void {
    this.#gone.abort();
    try {
      this.#conn.close();
    } catch { /* it is closed already */ }
  }

  async #within<T>(ms: number, action: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this[Symbol.dispose](), ms);
    try {
      return await action();
    } catch (error) {
      this.#gone.abort();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
