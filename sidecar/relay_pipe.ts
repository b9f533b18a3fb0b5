/** The part of a connection that the relay needs; `Deno.Conn` has it. */
export interface Duplex {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** Lends buffers of one size, so that a thousand short connections do not allocate a thousand buffers. */
export class BufferPool {
  readonly #size: number;
  readonly #keep: number;
  readonly #free: Uint8Array[] = [];

  /** @param size bytes per buffer. @param keep how many unused buffers stay allocated. */
  constructor(size: number, keep: number) {
    this.#size = size;
    this.#keep = keep;
  }

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(this.#size);
  }

  give(buffer: Uint8Array): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
  }
}

/** Copies one direction until end of file, then shuts that direction down. The next read waits for the write: backpressure. */
async function copyOneWay(from: Duplex, to: Duplex, pool: BufferPool): Promise<void> {
  const buffer = pool.take();
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
    }
    await to.closeWrite();
  } finally {
    pool.give(buffer);
  }
}

function closeQuietly(side: Duplex): void {
  try {
    side.close();
  } catch {
    // Closed already: closing both sides twice is how one failed direction ends the other.
  }
}

/**
 * Passes bytes both ways until both directions ended or one failed; both sides are closed afterwards.
 *
 * A half-closed connection goes on in the other direction (RFC 9293 section 3.6).
 */
export async function pipeBoth(left: Duplex, right: Duplex, pool: BufferPool): Promise<void> {
  const closeBoth = () => {
    closeQuietly(left);
    closeQuietly(right);
  };
  const oneWay = (from: Duplex, to: Duplex) => copyOneWay(from, to, pool).catch(closeBoth);
  await Promise.all([oneWay(left, right), oneWay(right, left)]);
  closeBoth();
}
