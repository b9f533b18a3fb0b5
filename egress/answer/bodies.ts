import type { Buffer } from "node:buffer";
import type { Body } from "../http1/body.ts";

/** Bytes that were read already, and the rest of their body. */
export class ResumedBody implements Body {
  readonly length: number | null;
  readonly #first: Buffer[];
  readonly #rest: Body;

  /** @param length of everything. */
  constructor(first: readonly Buffer[], rest: Body, length: number | null) {
    this.#first = first.filter((bytes) => bytes.length > 0);
    this.#rest = rest;
    this.length = length;
  }

  get done(): boolean {
    return this.#first.length === 0 && this.#rest.done;
  }

  read(): Promise<Buffer | null> {
    const first = this.#first.shift();
    return first === undefined ? this.#rest.read() : Promise.resolve(first);
  }
}

/** Reads until there are `enough` bytes, or to the end. */
export async function readAhead(body: Body, enough: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for (let length = 0; length < enough;) {
    const bytes = await body.read();
    if (bytes === null) break;
    pieces.push(bytes);
    length += bytes.length;
    if (body.done) break;
  }
  return pieces;
}

/** The beginning of a body that could not be read to its end: it must not look whole to whoever reads on. */
export class BrokenBody implements Body {
  readonly length: number | null;
  readonly done = false;
  readonly #pieces: Buffer[];
  readonly #error: unknown;

  constructor(pieces: readonly Buffer[], error: unknown, length: number | null) {
    this.#pieces = [...pieces];
    this.#error = error;
    this.length = length;
  }

  read(): Promise<Buffer | null> {
    const piece = this.#pieces.shift();
    return piece === undefined ? Promise.reject(this.#error) : Promise.resolve(piece);
  }
}
