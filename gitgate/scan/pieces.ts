import { OVERLAP, PIECE, type PieceFolder } from "./piece_folder.ts";
import { printableRuns } from "./printable_runs.ts";
import type { TextSource } from "./source.ts";

/** Cuts one text into overlapping pieces. */
export class Pieces {
  readonly #folder: PieceFolder;
  readonly #source: TextSource;
  readonly #ending: string;
  readonly #held = new Uint8Array(PIECE);
  #length = 0;
  /** Bytes at the start of `#held` that were in the piece before. */
  #repeated = 0;
  #line = 1;

  constructor(folder: PieceFolder, source: TextSource, ending: string) {
    this.#folder = folder;
    this.#source = source;
    this.#ending = ending;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE - this.#length);
      this.#held.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === PIECE) await this.#cut();
    }
  }

  async end(): Promise<void> {
    if (this.#length > this.#repeated) await this.#add();
    this.#length = this.#repeated = 0;
  }

  async #cut(): Promise<void> {
    await this.#add();
    const step = PIECE - OVERLAP;
    this.#line += newlines(this.#held.subarray(0, step));
    this.#held.copyWithin(0, step);
    this.#length = this.#repeated = OVERLAP;
  }

  async #add(): Promise<void> {
    const piece = this.#held.subarray(0, this.#length);
    if (!piece.includes(0)) {
      await this.#folder.add(piece, this.#ending, this.#source, this.#line);
      return;
    }
    const runs = printableRuns(piece);
    if (runs.length === 0) return;
    await this.#folder.add(runs, this.#ending, { ...this.#source, linesKnown: false }, this.#line);
  }
}

function newlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}
