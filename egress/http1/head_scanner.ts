import type { Buffer } from "node:buffer";
import { HttpSyntaxError } from "./syntax_error.ts";

const CR = 13;
const LF = 10;

/** Largest message head in bytes, start line and fields together. */
export const MAX_HEAD_BYTES = 64 * 1024;
/** Longest request line in bytes. */
export const MAX_START_LINE_BYTES = 32 * 1024;
/** Most header fields in one message. */
export const MAX_FIELDS = 256;

/**
 * Finds the end of a message head, line by line, as bytes arrive.
 *
 * Every line must end with CR LF and hold no other CR, LF or NUL (RFC 9112 section 2.2 lets a recipient
 * accept a bare LF; two parsers that differ there can be made to see different messages, so it is refused).
 */
export class HeadScanner {
  #lineStart = 0;
  #lines = 0;
  #leading = 0;

  /** Empty lines tolerated before the start line (RFC 9112 section 2.2 asks for at least one). */
  static readonly MAX_LEADING = 2;

  /**
   * Looks at everything received so far; call again with the same bytes and more.
   *
   * @returns `start` of the start line and `end` after the empty line, or null when more bytes are needed.
   * @throws HttpSyntaxError on a bare CR or LF, NUL, or when a limit is passed.
   */
  scan(bytes: Buffer): { start: number; end: number } | null {
    for (;;) {
      const lf = bytes.indexOf(LF, this.#lineStart);
      if (lf < 0) {
        this.#checkPartialLine(bytes);
        return null;
      }
      const length = lf - this.#lineStart - 1;
      if (length < 0 || bytes[lf - 1] !== CR) {
        throw new HttpSyntaxError("a line ends with LF without CR");
      }
      this.#checkLine(bytes, this.#lineStart, lf - 1);
      const start = this.#lineStart;
      this.#lineStart = lf + 1;
      if (length > 0) {
        this.#lines++;
        this.#checkLimits(lf + 1, length);
        continue;
      }
      if (this.#lines > 0) return { start: this.#leading, end: lf + 1 };
      if (start / 2 >= HeadScanner.MAX_LEADING) {
        throw new HttpSyntaxError("empty lines stand before the start line");
      }
      this.#leading = lf + 1;
    }
  }

  #checkLine(bytes: Buffer, from: number, to: number): void {
    const cr = bytes.indexOf(CR, from);
    if (cr >= 0 && cr < to) throw new HttpSyntaxError("a line holds CR without LF");
    const nul = bytes.indexOf(0, from);
    if (nul >= 0 && nul < to) throw new HttpSyntaxError("a line holds NUL");
  }

  #checkPartialLine(bytes: Buffer): void {
    this.#checkLine(bytes, this.#lineStart, bytes.length - 1);
    this.#checkLimits(bytes.length, bytes.length - this.#lineStart);
  }

  #checkLimits(total: number, line: number): void {
    const inStartLine = this.#lines === 0 ||
      (this.#lines === 1 && total - this.#leading === line + 2);
    if (inStartLine && line > MAX_START_LINE_BYTES) {
      throw new HttpSyntaxError(
        `the request line is longer than ${MAX_START_LINE_BYTES} bytes`,
        "target_too_long",
      );
    }
    if (total - this.#leading > MAX_HEAD_BYTES) {
      throw new HttpSyntaxError(
        `the head is larger than ${MAX_HEAD_BYTES} bytes`,
        "headers_too_large",
      );
    }
    if (this.#lines > MAX_FIELDS + 1) {
      throw new HttpSyntaxError(`the head has more than ${MAX_FIELDS} fields`, "headers_too_large");
    }
  }
}
