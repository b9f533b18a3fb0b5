import type { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { withoutCodings } from "../answer/content_coding.ts";
import type { Body } from "../http1/body.ts";

/** Bytes that may wait to be decoded before the answer waits for them. */
const MOST = 256 * 1024;
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
   */
  constructor(codings: readonly string[], take: (bytes: Buffer) => void) {
    this.#done = this.#run(codings, take);
  }

  /** Takes bytes; gives what to wait for before there are more, when too many wait. */
  push(bytes: Buffer): Promise<void> | undefined {
    if (this.#over) return undefined;
    this.#waiting.push(bytes);
    this.#size += bytes.length;
    this.#onBytes();
    return this.#size <= MOST ? undefined : new Promise((resolve) => this.#onRoom = resolve);
  }

  /** Nothing more comes; gives whether everything could be decoded. */
  end(): Promise<boolean> {
    this.#ended = true;
    this.#onBytes();
    return this.#done;
  }

  async #run(codings: readonly string[], take: (bytes: Buffer) => void): Promise<boolean> {
    try {
      const body = await withoutCodings(this.#source(), codings);
      let taken = 0;
      for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) {
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
