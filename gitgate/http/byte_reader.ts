/** Pulls the next bytes of a stream, at least one; null at its end. */
export type Pull = () => Promise<Uint8Array | null>;

/** A stream ended, or went on, where its format does not allow it; or it is larger than allowed. */
export class StreamFault extends Error {
  override readonly name = "StreamFault";
}

/** Reads a stream in exact pieces. */
export class ByteReader {
  readonly #pull: Pull;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(pull: Pull) {
    this.#pull = pull;
  }

  /** Whatever comes next, at most `most` bytes; null at the end. */
  async some(most: number): Promise<Uint8Array | null> {
    if (this.#held.length === 0 && !await this.#fill()) return null;
    return this.#take(Math.min(most, this.#held.length));
  }

  /** @throws StreamFault when the stream ends before `count` bytes. */
  async exactly(count: number): Promise<Uint8Array> {
    if (this.#held.length >= count) return this.#take(count);
    // Grown with what arrives: a length that somebody states takes no memory by itself.
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0;) {
      const part = await this.some(left);
      if (part === null) throw new StreamFault("it ends too early");
      parts.push(part);
      left -= part.length;
    }
    const whole = new Uint8Array(count);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /**
   * The bytes before `mark`, which is consumed.
   *
   * @throws StreamFault when it does not come within `most` bytes.
   */
  async until(mark: Uint8Array, most: number): Promise<Uint8Array> {
    for (let from = 0;;) {
      const at = indexOf(this.#held, mark, from);
      if (at >= 0 && at <= most) {
        const found = this.#take(at);
        this.#take(mark.length);
        return found;
      }
      if (at >= 0 || this.#held.length > most + mark.length) {
        throw new StreamFault("a part of it is too long");
      }
      from = Math.max(0, this.#held.length - mark.length + 1);
      if (!await this.#fill()) throw new StreamFault("it ends too early");
    }
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    return this.#held.length === 0 && !await this.#fill();
  }

  #take(count: number): Uint8Array {
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const more = await this.#pull();
    if (more === null) {
      this.#ended = true;
      return false;
    }
    if (this.#held.length === 0) this.#held = more;
    else {
      const joined = new Uint8Array(this.#held.length + more.length);
      joined.set(this.#held);
      joined.set(more, this.#held.length);
      this.#held = joined;
    }
    return true;
  }
}

function indexOf(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  for (let at = from; at + mark.length <= bytes.length; at++) {
    if (mark.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}
