import type { Buffer } from "node:buffer";
import { decodeHuffman } from "./hpack_huffman.ts";
import { STATIC_TABLE } from "./hpack_static_table.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** Bytes of the dynamic table unless a peer is told otherwise, and it is not (RFC 9113 section 6.5.2). */
export const TABLE_BYTES = 4096;
/** What an entry counts beyond its text (RFC 7541 section 4.1). */
const ENTRY_OVERHEAD = 32;
/** Colon, space and line end of a field in HTTP/1.1. */
const SEPARATORS = 4;
/** No length, index or size is as large as this. */
const MAX_INTEGER = 1 << 28;

export type DecodedField = readonly [name: string, value: string];

/** Limits on the fields of one block. */
export interface FieldLimits {
  readonly fields: number;
  /** Of names and values, with the four that go between and behind them in HTTP/1.1. */
  readonly bytes: number;
}

/** Fields of one header block. */
export interface DecodedBlock {
  readonly fields: DecodedField[];
  /** Whether there were more than the limits allow; the fields are then the first ones. */
  readonly overflow: boolean;
}

/**
 * Decodes the header blocks of one connection (RFC 7541). Every block has to come here, also one that nobody wants:
 * it may change the table that the next one refers to.
 */
export class HpackDecoder {
  /** The newest entry comes last. */
  readonly #table: DecodedField[] = [];
  #tableBytes = 0;
  #maxBytes = TABLE_BYTES;

  /**
   * @returns names and values as latin-1 text. References are cheap for their sender, so what is over the limits is
   * counted and not kept.
   * @throws ConnectionError
   */
  decode(block: Buffer, limits: FieldLimits): DecodedBlock {
    const reader = new BlockReader(block);
    const fields: DecodedField[] = [];
    let bytes = 0;
    let overflow = false;
    let first = true;
    while (!reader.done) {
      const field = this.#representation(reader, first);
      if (field === undefined) continue;
      first = false;
      bytes += field[0].length + field[1].length + SEPARATORS;
      overflow ||= bytes > limits.bytes || fields.length >= limits.fields;
      if (!overflow) fields.push(field);
    }
    return { fields, overflow };
  }

  /** One representation (RFC 7541 section 6); undefined for a change of the table's size. */
  #representation(reader: BlockReader, mayResize: boolean): DecodedField | undefined {
    const first = reader.peek();
    if ((first & 0x80) !== 0) return this.#entry(reader.integer(7));
    if ((first & 0xe0) === 0x20) {
      this.#resize(reader.integer(5), mayResize);
      return undefined;
    }
    const indexed = (first & 0x40) !== 0;
    const index = reader.integer(indexed ? 6 : 4);
    const name = index === 0 ? reader.text() : this.#entry(index)[0];
    const field = [name, reader.text()] as const;
    if (indexed) this.#add(field);
    return field;
  }

  #entry(index: number): DecodedField {
    const entry = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table[this.#table.length - (index - STATIC_TABLE.length)];
    if (entry === undefined) throw malformed(`there is no field with the index ${index}`);
    return entry;
  }

  #resize(bytes: number, mayResize: boolean): void {
    if (!mayResize) throw malformed("a table size stands after a field");
    if (bytes > TABLE_BYTES) throw malformed("a table is larger than was announced");
    this.#maxBytes = bytes;
    this.#evict(bytes);
  }

  #add(field: DecodedField): void {
    const size = sizeOf(field);
    this.#evict(this.#maxBytes - size);
    if (size > this.#maxBytes) return; // larger than the table: it is empty now (RFC 7541 section 4.4)
    this.#table.push(field);
    this.#tableBytes += size;
  }

  /** Removes the oldest entries until at most `bytes` are taken. */
  #evict(bytes: number): void {
    while (this.#tableBytes > bytes && this.#table.length > 0) {
      this.#tableBytes -= sizeOf(this.#table.shift()!);
    }
  }
}

function sizeOf([name, value]: DecodedField): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

function malformed(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.compression, message);
}

/** Reads the primitives of RFC 7541 section 5. */
class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get done(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw malformed("a header block ends inside a field");
    return byte;
  }

  /** An integer in the low `bits` of the next byte, and in those after it. */
  integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.peek() & most;
    this.#at++;
    if (value < most) return value;
    for (let shift = 0;; shift += 7) {
      const byte = this.peek();
      this.#at++;
      value += (byte & 0x7f) * 2 ** shift;
      if (value >= MAX_INTEGER || shift > 28) throw malformed("an integer is too large");
      if ((byte & 0x80) === 0) return value;
    }
  }

  text(): string {
    const coded = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw malformed("a header block ends inside a string");
    this.#at += length;
    return coded ? decodeHuffman(bytes) : bytes.toString("latin1");
  }
}
