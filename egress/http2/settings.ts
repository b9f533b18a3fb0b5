import { Buffer } from "node:buffer";
import { encodeFrame, type Frame, FrameType, MAX_FRAME_BYTES } from "./frame.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** Settings of RFC 9113 section 6.5.2. */
const Setting = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Bytes that a peer takes unasked, of a stream and of a connection. */
export const DEFAULT_WINDOW = 65_535;
/** No window may become larger than this (RFC 9113 section 6.9.1). */
export const MAX_WINDOW = 0x7fffffff;
const MAX_FRAME_SETTING = 0xffffff;

/** What this side announces; the rest stays as RFC 9113 has it. */
export interface LocalSettings {
  readonly maxConcurrentStreams: number;
  readonly initialWindowSize: number;
  readonly maxHeaderListSize: number;
}

/** The SETTINGS frame that a connection begins with. */
export function settingsFrame(settings: LocalSettings): Buffer {
  const pairs = [
    [Setting.maxConcurrentStreams, settings.maxConcurrentStreams],
    [Setting.initialWindowSize, settings.initialWindowSize],
    [Setting.maxHeaderListSize, settings.maxHeaderListSize],
  ] as const;
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [i, [id, value]] of pairs.entries()) {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  }
  return encodeFrame(FrameType.settings, 0, 0, payload);
}

/**
 * Reads a peer's SETTINGS frame that is no acknowledgement. Frames are never made larger than every peer takes, and
 * header blocks use no table, so the window of new streams is all that matters here.
 *
 * @returns the initial window of streams, if the frame sets it.
 * @throws ConnectionError
 */
export function readInitialWindow({ payload }: Frame): number | undefined {
  if (payload.length % 6 !== 0) {
    throw new ConnectionError(ErrorCode.frameSize, "a SETTINGS frame holds half a setting");
  }
  let window: number | undefined;
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    if (id === Setting.enablePush && value > 1) {
      throw new ConnectionError(ErrorCode.protocol, "ENABLE_PUSH is neither 0 nor 1");
    }
    if (id === Setting.maxFrameSize && (value < MAX_FRAME_BYTES || value > MAX_FRAME_SETTING)) {
      throw new ConnectionError(ErrorCode.protocol, "MAX_FRAME_SIZE is out of its range");
    }
    if (id !== Setting.initialWindowSize) continue;
    if (value > MAX_WINDOW) {
      throw new ConnectionError(ErrorCode.flowControl, "INITIAL_WINDOW_SIZE is too large");
    }
    window = value;
  }
  return window;
}
