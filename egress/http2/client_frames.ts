import { Buffer } from "node:buffer";
import { Flag, type Frame, FrameScanner, FrameType } from "./frame.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** What every HTTP/2 connection of a client begins with (RFC 9113 section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** The frames of a client, after the beginning that a connection has to have. */
export class ClientFrames {
  readonly #scanner = new FrameScanner();
  /** What is missing of the preface. */
  #preface = PREFACE;
  #greeted = false;

  /** @throws ConnectionError when the connection does not begin as HTTP/2 does. */
  push(bytes: Buffer): void {
    const start = bytes.subarray(0, this.#preface.length);
    if (!start.equals(this.#preface.subarray(0, start.length))) {
      throw new ConnectionError(ErrorCode.protocol, "the connection does not begin as HTTP/2 does");
    }
    this.#preface = this.#preface.subarray(start.length);
    this.#scanner.push(bytes.subarray(start.length));
  }

  /**
   * The next whole frame, or undefined when more bytes are needed.
   *
   * @throws ConnectionError for a frame that is too large, or a first one that is no SETTINGS frame.
   */
  next(): Frame | undefined {
    const frame = this.#scanner.next();
    if (frame === undefined || this.#greeted) return frame;
    if (frame.type !== FrameType.settings || (frame.flags & Flag.ack) !== 0) {
      throw new ConnectionError(ErrorCode.protocol, "the first frame is no SETTINGS frame");
    }
    this.#greeted = true;
    return frame;
  }
}
