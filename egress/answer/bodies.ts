import { Buffer } from "node:buffer";
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

/** The whole of a small body. */
export async function readAll(body: Body): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let bytes = await body.read(); bytes !== null; bytes = await body.read()) pieces.push(bytes);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}
