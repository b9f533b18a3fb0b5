import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { FrameType } from "./frame.ts";
import { checkShape } from "./frame_shape.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

function codeOf(type: number, flags: number, stream: number, bytes: number): number {
  try {
    checkShape({ type, flags, stream, payload: Buffer.alloc(bytes) });
    return ErrorCode.none;
  } catch (error) {
    assert.ok(error instanceof ConnectionError);
    return error.code;
  }
}

const { none, protocol, frameSize } = ErrorCode;
for (
  const [what, type, flags, stream, bytes, code] of [
    ["DATA on a stream", FrameType.data, 0, 1, 0, none],
    ["DATA on the connection", FrameType.data, 0, 0, 0, protocol],
    ["HEADERS on the connection", FrameType.headers, 0, 0, 0, protocol],
    ["PRIORITY of five bytes", FrameType.priority, 0, 1, 5, none],
    ["PRIORITY of four bytes", FrameType.priority, 0, 1, 4, frameSize],
    ["PRIORITY on the connection", FrameType.priority, 0, 0, 5, protocol],
    ["RST_STREAM of four bytes", FrameType.resetStream, 0, 1, 4, none],
    ["RST_STREAM of five bytes", FrameType.resetStream, 0, 1, 5, frameSize],
    ["RST_STREAM on the connection", FrameType.resetStream, 0, 0, 4, protocol],
    ["SETTINGS of two settings", FrameType.settings, 0, 0, 12, none],
    ["SETTINGS of half a setting", FrameType.settings, 0, 0, 15, frameSize],
    ["SETTINGS on a stream", FrameType.settings, 0, 1, 0, protocol],
    ["an acknowledgement that says more", FrameType.settings, 1, 0, 6, frameSize],
    ["an acknowledgement", FrameType.settings, 1, 0, 0, none],
    ["PING on a stream", FrameType.ping, 0, 1, 8, protocol],
    ["PING of nine bytes", FrameType.ping, 0, 0, 9, frameSize],
    ["GOAWAY with a word", FrameType.goAway, 0, 0, 20, none],
    ["GOAWAY of seven bytes", FrameType.goAway, 0, 0, 7, frameSize],
    ["GOAWAY on a stream", FrameType.goAway, 0, 3, 8, protocol],
    ["WINDOW_UPDATE of the connection", FrameType.windowUpdate, 0, 0, 4, none],
    ["WINDOW_UPDATE of a stream", FrameType.windowUpdate, 0, 1, 4, none],
    ["WINDOW_UPDATE of three bytes", FrameType.windowUpdate, 0, 1, 3, frameSize],
    ["a frame of an unknown type", 0x2a, 255, 7, 100, none],
  ] as const
) {
  Deno.test(`${what} has the code ${code}`, () => {
    assert.equal(codeOf(type, flags, stream, bytes), code);
  });
}
