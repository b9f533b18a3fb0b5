import type { GramIndex } from "./gram_index.ts";

/** Letters that are searched together: a block of input and of each projection stay in the first cache. */
export const BLOCK = 16 * 1024;
/** Most letters of a block that are searched again with the next one. */
const MOST_CARRIED = 16 * 1024;

/** Called with a needle and the numbers of the first letter it lies in and of the one behind. */
export type OnHit = (needle: number, start: number, end: number) => void;

/**
 * A projection that is searched while it is made, block by block: what was searched is not kept, and no input is so
 * large that its projection needs much memory. Writers fill {@linkcode buffer} themselves.
 */
export class LetterStream {
  readonly #index: GramIndex;
  readonly #carried: number;
  #onHit: OnHit = () => {};
  /** Letters that are no longer in the buffer. */
  #dropped = 0;
  readonly buffer: Uint8Array;
  /** Letters in the buffer. */
  length = 0;

  constructor(index: GramIndex) {
    this.#index = index;
    this.#carried = Math.min(MOST_CARRIED, index.longest);
    // One step behind the last letter is written, too.
    this.buffer = new Uint8Array(this.#carried + BLOCK + 8);
  }

  begin(onHit: OnHit): void {
    this.#onHit = onHit;
    this.#dropped = 0;
    this.length = 0;
  }

  /** Makes room for {@linkcode BLOCK} letters; the number of letters that left the buffer. */
  makeRoom(): number {
    if (this.length <= this.#carried) return 0;
    this.#search(false);
    const dropped = this.length - this.#carried;
    this.buffer.copyWithin(0, dropped, this.length);
    this.#dropped += dropped;
    this.length = this.#carried;
    return dropped;
  }

  /** Searches what is left, and wipes the buffer. */
  end(): void {
    this.#search(true);
    this.buffer.fill(0);
    this.length = 0;
  }

  #search(last: boolean): void {
    for (const { needle, start, end } of this.#index.search(this.buffer.subarray(0, this.length))) {
      // What goes on behind the end is seen whole in the next block.
      if (!last && end === this.length && start >= this.length - this.#carried) continue;
      this.#onHit(needle, this.#dropped + start, this.#dropped + end);
    }
  }
}
