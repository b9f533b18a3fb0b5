import { Buffer } from "node:buffer";

/** Pieces below this size are put together: a body of single bytes must not cost a buffer for each. */
const BLOCK_BYTES = 4_096;

/** Bytes that wait, in the order they came, in memory of about their own size however small the pieces were. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  /** The last chunk, with room behind what it holds. */
  #block: Buffer | undefined;
  #filled = 0;
  #size = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds bytes at the end. They are copied when most of the memory that they stand in would stay for nothing. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#size += bytes.length;
    if (this.#block !== undefined && this.#filled + bytes.length <= BLOCK_BYTES) {
      bytes.copy(this.#block, this.#filled);
      this.#filled += bytes.length;
      return;
    }
    this.#closeBlock();
    if (bytes.length >= BLOCK_BYTES) {
      const wasteful = bytes.length * 2 < bytes.buffer.byteLength;
      this.#chunks.push(wasteful ? Buffer.from(bytes) : bytes);
      return;
    }
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#filled = bytes.copy(this.#block);
  }

  /** The first bytes, in the pieces that they are kept in; undefined when none wait. */
  shift(): Buffer | undefined {
    if (this.#chunks.length === 0) this.#closeBlock();
    const chunk = this.#chunks.shift();
    this.#size -= chunk?.length ?? 0;
    return chunk;
  }

  /** The first `most` bytes; fewer when fewer wait. */
  take(most: number): Buffer {
    const taken: Buffer[] = [];
    for (let left = Math.min(most, this.#size); left > 0;) {
      if (this.#chunks.length === 0) this.#closeBlock();
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, left);
      left -= part.length;
      this.#size -= part.length;
      taken.push(part);
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
  }

  clear(): void {
    this.#chunks = [];
    this.#block = undefined;
    this.#size = 0;
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#filled));
    this.#block = undefined;
  }
}
