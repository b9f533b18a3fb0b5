import { Flag, type Frame, FrameType } from "./frame.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";

/** Where frames of one type come, and how many bytes they have. */
interface Shape {
  /** Both when it is left out. */
  readonly on?: "connection" | "stream";
  /** Whether a payload may have so many bytes; any number when it is left out. */
  readonly fits?: (bytes: number) => boolean;
}

/** The types that a client may send (RFC 9113 section 6); a CONTINUATION frame belongs to a header block. */
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  [FrameType.data, { on: "stream" }],
  [FrameType.headers, { on: "stream" }],
  [FrameType.priority, { on: "stream", fits: (bytes) => bytes === 5 }],
  [FrameType.resetStream, { on: "stream", fits: (bytes) => bytes === 4 }],
  [FrameType.settings, { on: "connection", fits: (bytes) => bytes % 6 === 0 }],
  [FrameType.ping, { on: "connection", fits: (bytes) => bytes === 8 }],
  [FrameType.goAway, { on: "connection", fits: (bytes) => bytes >= 8 }],
  [FrameType.windowUpdate, { fits: (bytes) => bytes === 4 }],
]);

/**
 * Looks at what can be told of a frame without knowing what came before it.
 *
 * @throws ConnectionError when it comes in the wrong place, or has a size that its type cannot have.
 */
export function checkShape({ type, flags, stream, payload }: Frame): void {
  const shape = SHAPES.get(type);
  if (shape === undefined) return;
  if (shape.on !== undefined && (shape.on === "stream") !== stream > 0) {
    throw new ConnectionError(
      ErrorCode.protocol,
      shape.on === "stream"
        ? "a frame of a stream comes on the connection"
        : "a frame of the connection comes on a stream",
    );
  }
  const isAck = type === FrameType.settings && (flags & Flag.ack) !== 0;
  if (shape.fits?.(payload.length) === false || (isAck && payload.length > 0)) {
    throw new ConnectionError(ErrorCode.frameSize, "a frame has a size that its type cannot have");
  }
}
