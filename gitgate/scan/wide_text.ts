/** Letters in a row, each with zeros beside it, that make wide text. */
const SHORTEST = 6;

/**
 * Finds text in which every ASCII character has one to three zero bytes beside it (UTF-16 and UTF-32 in either byte
 * order), wherever in a stream it begins, and takes the zeros away.
 */
export class WideText {
  #pending: number[] = [];
  #run = 0;
  #zeros = 0;
  #started = false;

  /** The narrow text that `bytes` complete; runs are separated by newlines. */
  push(bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    // Without a zero nothing gets wide, but for a run that is complete already: only the last byte can begin one.
    if (bytes.length > 1 && this.#run + 1 < SHORTEST && !bytes.includes(0)) {
      this.#break(out);
      this.#take(bytes.at(-1)!, out);
      return Uint8Array.from(out);
    }
    for (const byte of bytes) this.#take(byte, out);
    return Uint8Array.from(out);
  }

  /** What is left at the end. */
  end(): Uint8Array {
    const out: number[] = [];
    this.#break(out);
    return Uint8Array.from(out);
  }

  #take(byte: number, out: number[]): void {
    if (byte === 0) {
      if (++this.#zeros > 3) this.#break(out);
      return;
    }
    const text = byte >= 0x20 && byte < 0x7f || byte === 9 || byte === 10 || byte === 13;
    // Two characters side by side are narrow text.
    if (!text || (this.#run > 0 && this.#zeros === 0)) this.#break(out);
    this.#zeros = 0;
    if (!text) return;
    this.#run++;
    if (this.#started) out.push(byte);
    else {
      this.#pending.push(byte);
      if (this.#run >= SHORTEST) {
        this.#started = true;
        out.push(...this.#pending);
        this.#pending = [];
      }
    }
  }

  #break(out: number[]): void {
    if (this.#started) out.push(10);
    this.#pending = [];
    this.#run = 0;
    this.#zeros = 0;
    this.#started = false;
  }
}
