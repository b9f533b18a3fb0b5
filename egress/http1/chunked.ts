import { Buffer } from "node:buffer";
import { parseFields } from "./message_head.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

const MAX_SIZE_LINE = 256;
const MAX_TRAILER_BYTES = 8 * 1024;
const LF = 10;
// chunk-size [ chunk-ext ] without the optional white space of RFC 9112 section 7.1.1
const SIZE_LINE =
  /^([0-9a-fA-F]{1,16})((?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*)$/;

type State = "size" | "data" | "data-end" | "trailer" | "done";

/**
 * Decodes a chunked body (RFC 9112 section 7.1) as bytes arrive: strict line ends, extensions checked and
 * dropped, trailer fields checked and dropped (a merged trailer could name a length or a credential).
 */
export class ChunkedDecoder {
  #state: State = "size";
  #left = 0;
  #line = "";
  #trailers: string[] = [];
  #trailerBytes = 0;

  /** Whether the last chunk and the trailer section were read. */
  get done(): boolean {
    return this.#state === "done";
  }

  /**
   * Takes bytes and appends the data among them to `data`.
   *
   * @returns how many bytes were used; fewer than given only when the body ended.
   * @throws HttpSyntaxError
   */
  push(bytes: Buffer, data: Buffer[]): number {
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        data.push(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = "data-end";
      } else {
        at = this.#takeLine(bytes, at);
      }
    }
    return at;
  }

  #takeLine(bytes: Buffer, from: number): number {
    const lf = bytes.indexOf(LF, from);
    const end = lf < 0 ? bytes.length : lf + 1;
    this.#line += bytes.toString("latin1", from, end);
    const limit = this.#state === "trailer" ? MAX_TRAILER_BYTES : MAX_SIZE_LINE;
    if (this.#line.length > limit) {
      throw new HttpSyntaxError("a line of the chunked body is too long");
    }
    const cr = this.#line.indexOf("\r");
    if (cr >= 0 && cr < this.#line.length - 1 && this.#line[cr + 1] !== "\n") {
      throw new HttpSyntaxError("a line of the chunked body holds CR without LF");
    }
    if (this.#state === "data-end" && this.#line !== "\r" && this.#line !== "\r\n") {
      throw new HttpSyntaxError("a chunk is longer than its size says");
    }
    if (lf < 0) return end;
    if (!this.#line.endsWith("\r\n")) {
      throw new HttpSyntaxError("a line of the chunked body ends with LF without CR");
    }
    const line = this.#line.slice(0, -2);
    this.#line = "";
    this.#lineDone(line);
    return end;
  }

  #lineDone(line: string): void {
    switch (this.#state) {
      case "size": {
        const match = SIZE_LINE.exec(line);
        if (match === null) throw new HttpSyntaxError("a chunk size line is not valid");
        const size = parseInt(match[1]!, 16);
        if (size > Number.MAX_SAFE_INTEGER) throw new HttpSyntaxError("a chunk size overflows");
        this.#left = size;
        this.#state = size === 0 ? "trailer" : "data";
        return;
      }
      case "data-end":
        this.#state = "size";
        return;
      case "trailer":
        if (line === "") {
          parseFields(this.#trailers, 0);
          this.#state = "done";
          return;
        }
        this.#trailerBytes += line.length;
        if (this.#trailerBytes > MAX_TRAILER_BYTES) {
          throw new HttpSyntaxError("the trailer section is too large");
        }
        this.#trailers.push(line);
        return;
      default:
        throw new HttpSyntaxError("bytes follow the end of the chunked body");
    }
  }
}

const CRLF = Buffer.from("\r\n");

/** The bytes that end a chunked body. */
export const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** One chunk around `data`, in one buffer; `data` must not be empty. */
export function encodeChunk(data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`, "latin1"), data, CRLF]);
}
