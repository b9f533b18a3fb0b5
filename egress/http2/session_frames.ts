import { Buffer } from "node:buffer";
import { HttpSyntaxError } from "../http1/syntax_error.ts";
import type { Conduct } from "./conduct.ts";
import { trailerProblem } from "./field_rules.ts";
import { encodeFrame, Flag, type Frame, FrameType, numberFrame, withoutPadding } from "./frame.ts";
import { checkShape } from "./frame_shape.ts";
import { type HeaderBlock, HeaderBlocks } from "./header_blocks.ts";
import type { Outbox } from "./outbox.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";
import type { ServerStream } from "./server_stream.ts";
import type { SessionStreams } from "./session_streams.ts";
import { MAX_WINDOW, readInitialWindow } from "./settings.ts";

/** Bytes that a client may have under way. It gets them back at once: what bounds memory is the window of a stream. */
export const CONNECTION_WINDOW = 1024 * 1024;

/** What the frames of a client act on. */
export interface FramesContext {
  readonly outbox: Outbox;
  readonly conduct: Conduct;
  readonly streams: SessionStreams;
  /** The client opens no more streams. */
  readonly onGoAway: () => void;
}

/** Does what the frames of a client say (RFC 9113 section 6). */
export class SessionFrames {
  readonly #context: FramesContext;
  readonly #blocks = new HeaderBlocks();
  /** Bytes of the connection that are still the client's. */
  #receiveWindow = CONNECTION_WINDOW;

  constructor(context: FramesContext) {
    this.#context = context;
  }

  /**
   * Takes one frame.
   *
   * @throws ConnectionError when the connection cannot go on after it.
   */
  take(frame: Frame): void {
    if (this.#blocks.partial) return this.#takeBlock(this.#blocks.proceed(frame));
    checkShape(frame);
    switch (frame.type) {
      case FrameType.data:
        return this.#takeData(frame);
      case FrameType.headers:
        return this.#takeHeaders(frame);
      case FrameType.resetStream:
        return this.#takeReset(frame);
      case FrameType.settings:
        return this.#takeSettings(frame);
      case FrameType.ping:
        return this.#takePing(frame);
      case FrameType.goAway:
        this.#context.conduct.idleFrame();
        return this.#context.onGoAway();
      case FrameType.windowUpdate:
        return this.#takeWindowUpdate(frame);
      case FrameType.pushPromise:
        throw new ConnectionError(ErrorCode.protocol, "a client pushes nothing");
      case FrameType.continuation:
        throw new ConnectionError(ErrorCode.protocol, "a CONTINUATION frame continues nothing");
      default: // a priority, which nothing here follows (section 5.3.2), or unknown and to be ignored
        return this.#context.conduct.idleFrame();
    }
  }

  #takeData(frame: Frame): void {
    const { stream: id, flags, payload } = frame;
    const { outbox, conduct, streams } = this.#context;
    streams.checkKnown(id);
    const content = withoutPadding(frame);
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < CONNECTION_WINDOW / 2) {
      const taken = CONNECTION_WINDOW - this.#receiveWindow;
      outbox.send(numberFrame(FrameType.windowUpdate, 0, taken));
      this.#receiveWindow = CONNECTION_WINDOW;
    }
    const ends = (flags & Flag.endStream) !== 0;
    if (content.length === 0 && !ends) conduct.idleFrame(); // CVE-2019-9518
    const stream = streams.get(id);
    if (stream === undefined) return streams.passOver(id);
    if (stream.remoteEnded) return streams.breakOff(stream, ErrorCode.streamClosed);
    stream.receiveWindow -= payload.length;
    if (stream.receiveWindow < 0) return streams.breakOff(stream, ErrorCode.flowControl);
    stream.giveBack(payload.length - content.length);
    stream.body.push(content);
    if (ends) stream.endRequest();
  }

  #takeHeaders(frame: Frame): void {
    if (frame.stream % 2 === 0) {
      throw new ConnectionError(ErrorCode.protocol, "a client opens streams with odd numbers");
    }
    this.#takeBlock(this.#blocks.begin(frame));
  }

  #takeBlock(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const stream = this.#context.streams.get(block.stream);
    if (stream === undefined) this.#context.streams.open(block);
    else this.#takeTrailers(stream, block);
  }

  #takeTrailers(stream: ServerStream, block: HeaderBlock): void {
    const { streams, conduct } = this.#context;
    if (stream.remoteEnded) return streams.breakOff(stream, ErrorCode.streamClosed);
    const problem = block.ends ? trailerProblem(block) : "the trailers do not end the stream";
    if (problem !== undefined) stream.body.fail(new HttpSyntaxError(problem));
    if (block.ends) stream.endRequest();
    else conduct.idleFrame();
  }

  #takeReset({ stream: id }: Frame): void {
    const { streams, conduct } = this.#context;
    streams.checkKnown(id);
    const stream = streams.get(id);
    if (stream === undefined) return conduct.idleFrame();
    stream.remoteEnded = true;
    stream.close();
    if (!stream.finished) conduct.reset();
  }

  #takeSettings(frame: Frame): void {
    const { outbox, conduct, streams } = this.#context;
    conduct.idleFrame();
    if ((frame.flags & Flag.ack) !== 0) return;
    const window = readInitialWindow(frame);
    if (window !== undefined) streams.setInitialWindow(window);
    outbox.send(encodeFrame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
  }

  #takePing({ flags, payload }: Frame): void {
    const { outbox, conduct } = this.#context;
    conduct.idleFrame();
    if ((flags & Flag.ack) !== 0) return;
    outbox.send(encodeFrame(FrameType.ping, Flag.ack, 0, payload));
  }

  #takeWindowUpdate({ stream: id, payload }: Frame): void {
    const { outbox, conduct, streams } = this.#context;
    const more = payload.readUInt32BE(0) & MAX_WINDOW;
    const stream = streams.get(id);
    if (id === 0) {
      if (more === 0) throw new ConnectionError(ErrorCode.protocol, "a window grows by nothing");
      outbox.window += more;
      if (outbox.window > MAX_WINDOW) {
        throw new ConnectionError(ErrorCode.flowControl, "a window is larger than any may be");
      }
      outbox.flush();
    } else if (stream === undefined) {
      conduct.idleFrame();
      streams.checkKnown(id);
    } else {
      stream.window += more;
      if (more === 0) streams.breakOff(stream, ErrorCode.protocol);
      else if (stream.window > MAX_WINDOW) streams.breakOff(stream, ErrorCode.flowControl);
      else outbox.offer(stream);
    }
  }
}
