import { Buffer } from "node:buffer";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** Frame types (RFC 9113 section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Frame flags (RFC 9113 section 6). */
export const Flag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Largest payload in either direction: the least that every peer takes, and all that this one announces. */
export const MAX_FRAME_BYTES = 16_384;
const HEAD_BYTES = 9;

/** One frame as it was received. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** 0 for the connection. */
  readonly stream: number;
  readonly payload: Buffer;
}

/** The nine bytes before a payload of `length` bytes (RFC 9113 section 4.1). */
export function frameHead(type: number, flags: number, stream: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

/** A whole frame. */
export function encodeFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Buffer {
  return Buffer.concat([frameHead(type, flags, stream, payload.length), payload]);
}

/** A frame whose payload is one 32-bit number. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(value);
  return encodeFrame(type, 0, stream, payload);
}

/** Cuts received bytes into frames; holds at most one unfinished frame. */
export class FrameScanner {
  #rest: Buffer | undefined;

  push(bytes: Buffer): void {
    this.#rest = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
  }

  /**
   * The next whole frame, or undefined when more bytes are needed.
   *
   * @throws ConnectionError for a frame that is larger than was announced.
   */
  next(): Frame | undefined {
    const bytes = this.#rest;
    if (bytes === undefined || bytes.length < HEAD_BYTES) return undefined;
    const length = bytes.readUIntBE(0, 3);
    if (length > MAX_FRAME_BYTES) {
      throw new ConnectionError(
        ErrorCode.frameSize,
        `a frame is larger than ${MAX_FRAME_BYTES} bytes`,
      );
    }
    const end = HEAD_BYTES + length;
    if (bytes.length < end) return undefined;
    this.#rest = bytes.length === end ? undefined : bytes.subarray(end);
    return {
      type: bytes[3]!,
      flags: bytes[4]!,
      stream: bytes.readUInt32BE(5) & 0x7fffffff,
      payload: bytes.subarray(HEAD_BYTES, end),
    };
  }
}

/**
 * The payload without its padding (RFC 9113 section 6.1).
 *
 * @throws ConnectionError when there is more padding than payload.
 */
export function withoutPadding({ flags, payload }: Frame): Buffer {
  if ((flags & Flag.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding + 1 > payload.length) {
    throw new ConnectionError(ErrorCode.protocol, "a frame has more padding than payload");
  }
  return payload.subarray(1, payload.length - padding);
}
