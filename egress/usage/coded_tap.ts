import type { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { withoutCodings } from "../answer/content_coding.ts";
import type { Body } from "../http1/body.ts";

/** Bytes that may wait to be decoded before the answer waits for them. */
const MOST = 256 * 1024;
/** Most that is decoded: the longest answers of models have tens of megabytes, a few compressed bytes can be terabytes. */
const MOST_DECODED = 256 * 1024 * 1024;
/** Decoded bytes after which others get their turn: a few compressed bytes can be many. */
const STEP = 64 * 1024;

/**
 * Decodes a copy of a body that passes as it is. Bytes are taken at once; whoever reads on when too many wait, waits.
 */
export class CodedTap {
  readonly #waiting: Buffer[] = [];
  #size = 0;
  #ended = false;
  #over = false;
  #onBytes: () => void = () => {};
  #onRoom: () => void = () => {};
  readonly #done: Promise<boolean>;

  /**
   * @param codings in the order they were applied.
   * @param take is given what they decode to.
   * @param most decoded bytes.
   */
  constructor(
    codings: readonly string[],
    take: (bytes: Buffer) => void,
    most: number = MOST_DECODED,
  ) {
    this.#done = this.#run(codings, take, most);
  }

  /** Takes bytes; gives what to wait for before there are more, when too many wait. */
  push(bytes: Buffer): Promise<void> | undefined {
    if (this.#over) return undefined;
    this.#waiting.push(bytes);
    this.#size += bytes.length;
    this.#onBytes();
    return this.#size <= MOST ? undefined : new Promise((resolve) => this.#onRoom = resolve);
  }

  /** Nothing more comes; gives whether everything could be decoded, and was not too much. */
  end(): Promise<boolean> {
    this.#ended = true;
    this.#onBytes();
    return this.#done;
  }

  async #run(
    codings: readonly string[],
    take: (bytes: Buffer) => void,
    most: number,
  ): Promise<boolean> {
    try {
      const body = await withoutCodings(this.#source(), codings);
      let left = most;
      let taken = 0;
      for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) {
        if ((left -= bytes.length) < 0) return false;
        take(bytes);
        taken += bytes.length;
        if (taken < STEP) continue;
        taken = 0;
        await setImmediate();
      }
      return true;
    } catch {
      return false; // the agent gets the bytes as they are, and what they say is not known
    } finally {
      this.#over = true;
      this.#waiting.length = 0;
      this.#onRoom();
    }
  }

  /** What waits, as a body. */
  #source(): Body {
    return {
      length: null,
      done: false,
      read: async () => {
        while (this.#waiting.length === 0) {
          if (this.#ended) return null;
          await new Promise<void>((resolve) => this.#onBytes = resolve);
        }
        const bytes = this.#waiting.shift()!;
        this.#size -= bytes.length;
        if (this.#size <= MOST) this.#onRoom();
        return bytes;
      },
    };
  }
}
