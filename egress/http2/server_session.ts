import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { Answer, InboundRequest } from "../inbound.ts";
import type { Valve } from "../http1/byte_reader.ts";
import { MAX_HEAD_BYTES } from "../http1/head_scanner.ts";
import { HttpSyntaxError } from "../http1/syntax_error.ts";
import { Conduct } from "./conduct.ts";
import {
  encodeFrame,
  Flag,
  type Frame,
  FrameScanner,
  FrameType,
  numberFrame,
  withoutPadding,
} from "./frame.ts";
import { trailerProblem } from "./field_rules.ts";
import { type HeaderBlock, HeaderBlocks } from "./header_blocks.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { Outbox } from "./outbox.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";
import { readRequestHead, type StreamHead } from "./request_head.ts";
import { ServerStream, STREAM_WINDOW } from "./server_stream.ts";
import { DEFAULT_WINDOW, MAX_WINDOW, readInitialWindow, settingsFrame } from "./settings.ts";

/** What every HTTP/2 connection of a client begins with (RFC 9113 section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** Most streams at once over all sessions of a proxy: each may need a connection to an upstream, and memory. */
const MAX_STREAMS = 1024;
/** Most streams at once of one session. */
const MAX_SESSION_STREAMS = 128;
/** Bytes that a client may have under way. It gets them back at once: what bounds memory is the window of a stream. */
const CONNECTION_WINDOW = 1024 * 1024;
/** How long what still comes is read and dropped after the last frame, in milliseconds: a reset would eat it. */
const LINGER = 1_000;

/** A request as HTTP/2 carries it, for the tunnel to complete. */
export type StreamRequest = Pick<
  InboundRequest,
  "method" | "target" | "headers" | "body" | "expectContinue" | "webSocket" | "refusal"
>;

/** How many streams are open, over all sessions of a proxy. */
export interface StreamCount {
  open: number;
}

/** What a session is given. */
export interface SessionContext {
  /** Stops and restarts what `socket` reads from. */
  readonly valve: Valve;
  /** Milliseconds without a stream after which a session ends. */
  readonly idle: number;
  readonly deadlines: Deadlines;
  /** Counts the streams of this session among the others'. */
  readonly total: StreamCount;
  readonly run: (request: StreamRequest, answer: Answer) => Promise<void>;
  /** Told of what ended the session before its time: a ConnectionError, or a fault of this side. */
  readonly onFailure: (error: unknown) => void;
}

/** A session that serves. */
export interface ServedSession {
  /** Resolves when nothing is left. */
  readonly closed: Promise<void>;
  /** Lets streams finish and takes no new ones. */
  drain(): void;
}

/** Serves HTTP/2 (RFC 9113) on a decrypted connection until it ends. */
export function serveHttp2(socket: Duplex, context: SessionContext): ServedSession {
  const session = new ServerSession(socket, context);
  return { closed: session.closed, drain: () => session.drain() };
}

class ServerSession {
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #context: SessionContext;
  readonly #outbox: Outbox;
  readonly #deadline: Deadline;
  readonly #frames = new FrameScanner();
  readonly #blocks = new HeaderBlocks();
  readonly #encoder = new HpackEncoder();
  readonly #conduct: Conduct;
  readonly #streams = new Map<number, ServerStream>();
  #preface = PREFACE;
  #greeted = false;
  /** The newest stream that was looked at. */
  #lastStream = 0;
  #initialWindow = DEFAULT_WINDOW;
  /** Bytes of the connection that are still the client's. */
  #receiveWindow = CONNECTION_WINDOW;
  #draining = false;
  #ended = false;

  constructor(socket: Duplex, context: SessionContext) {
    const { deadlines, idle, valve } = context;
    this.#socket = socket;
    this.#context = context;
    this.#outbox = new Outbox(socket, valve);
    this.#conduct = new Conduct(() => deadlines.after(0));
    this.#deadline = {
      at: deadlines.after(idle),
      expire: () => this.#ended ? socket.destroy() : this.#goAway(ErrorCode.none),
    };
    deadlines.watch(this.#deadline);
    this.closed = new Promise((resolve) =>
      socket.once("close", () => {
        this.#leave();
        deadlines.forget(this.#deadline);
        resolve();
      })
    );
    this.#outbox.send(
      settingsFrame({
        maxConcurrentStreams: MAX_SESSION_STREAMS,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: MAX_HEAD_BYTES,
      }),
      numberFrame(FrameType.windowUpdate, 0, CONNECTION_WINDOW - DEFAULT_WINDOW),
    );
    socket.on("error", () => socket.destroy());
    socket.once("end", () => socket.destroy()); // nobody is left to answer
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    if (socket.destroyed || socket.readableEnded) socket.destroy();
  }

  drain(): void {
    if (this.#ended || this.#draining) return;
    this.#draining = true;
    if (this.#streams.size === 0) this.#goAway(ErrorCode.none);
    else this.#sendGoAway(ErrorCode.none);
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      this.#frames.push(this.#afterPreface(bytes));
      while (!this.#ended && this.#preface.length === 0) {
        const frame = this.#frames.next();
        if (frame === undefined) break;
        this.#take(frame);
      }
    } catch (error) {
      this.#goAway(error instanceof ConnectionError ? error.code : ErrorCode.internal);
      this.#context.onFailure(error);
    }
  }

  #afterPreface(bytes: Buffer): Buffer {
    if (this.#preface.length === 0) return bytes;
    const start = bytes.subarray(0, this.#preface.length);
    if (!start.equals(this.#preface.subarray(0, start.length))) {
      throw new ConnectionError(ErrorCode.protocol, "the connection does not begin as HTTP/2 does");
    }
    this.#preface = this.#preface.subarray(start.length);
    return bytes.subarray(start.length);
  }

  /** Says goodbye and breaks off what is open. */
  #goAway(code: ErrorCode): void {
    if (this.#ended) return;
    this.#sendGoAway(code);
    this.#outbox.flush();
    this.#leave();
    this.#deadline.at = this.#context.deadlines.after(LINGER);
    this.#context.deadlines.watch(this.#deadline); // again, if it has expired
    this.#socket.end();
  }

  #sendGoAway(code: ErrorCode): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(this.#lastStream, 0);
    payload.writeUInt32BE(code, 4);
    this.#outbox.send(encodeFrame(FrameType.goAway, 0, 0, payload));
  }

  /** Ends every stream without a word to the client. */
  #leave(): void {
    this.#ended = true;
    for (const stream of [...this.#streams.values()]) stream.close();
  }

  #take(frame: Frame): void {
    if (!this.#greeted && (frame.type !== FrameType.settings || (frame.flags & Flag.ack) !== 0)) {
      throw new ConnectionError(ErrorCode.protocol, "the first frame is no SETTINGS frame");
    }
    this.#greeted = true;
    if (this.#blocks.partial) return this.#takeBlock(this.#blocks.proceed(frame));
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
        return this.#takeGoAway(frame);
      case FrameType.windowUpdate:
        return this.#takeWindowUpdate(frame);
      case FrameType.pushPromise:
        throw new ConnectionError(ErrorCode.protocol, "a client pushes nothing");
      case FrameType.continuation:
        throw new ConnectionError(ErrorCode.protocol, "a CONTINUATION frame continues nothing");
      case FrameType.priority:
        return this.#takePriority(frame);
      default: // what is unknown is to be ignored
        return this.#conduct.idleFrame();
    }
  }

  #takeSettings(frame: Frame): void {
    this.#conduct.idleFrame();
    onlyOnConnection(frame);
    if ((frame.flags & Flag.ack) !== 0) {
      if (frame.payload.length > 0) throw wrongSize();
      return;
    }
    const window = readInitialWindow(frame);
    if (window !== undefined) {
      const more = window - this.#initialWindow;
      this.#initialWindow = window;
      for (const stream of this.#streams.values()) {
        stream.window += more;
        if (stream.window > MAX_WINDOW) throw tooMuch();
        this.#outbox.offer(stream);
      }
    }
    this.#outbox.send(encodeFrame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
  }

  #takePing(frame: Frame): void {
    this.#conduct.idleFrame();
    onlyOnConnection(frame);
    if (frame.payload.length !== 8) throw wrongSize();
    if ((frame.flags & Flag.ack) !== 0) return;
    this.#outbox.send(encodeFrame(FrameType.ping, Flag.ack, 0, frame.payload));
  }

  /** Nothing is pushed to the client, so what it says is only that it opens no more streams. */
  #takeGoAway(frame: Frame): void {
    this.#conduct.idleFrame();
    onlyOnConnection(frame);
    if (frame.payload.length < 8) throw wrongSize();
    this.drain();
  }

  /** A hint that nothing here follows (RFC 9113 section 5.3.2). */
  #takePriority({ stream, payload }: Frame): void {
    this.#conduct.idleFrame();
    if (stream === 0) {
      throw new ConnectionError(ErrorCode.protocol, "a PRIORITY frame comes on no stream");
    }
    if (payload.length !== 5) throw wrongSize();
  }

  #takeWindowUpdate({ stream: id, payload }: Frame): void {
    if (payload.length !== 4) throw wrongSize();
    const more = payload.readUInt32BE(0) & MAX_WINDOW;
    const stream = this.#streams.get(id);
    if (id === 0) {
      if (more === 0) throw new ConnectionError(ErrorCode.protocol, "a window grows by nothing");
      this.#outbox.window += more;
      if (this.#outbox.window > MAX_WINDOW) throw tooMuch();
      this.#outbox.flush();
    } else if (stream === undefined) {
      this.#conduct.idleFrame();
      this.#knownStream(id);
    } else {
      stream.window += more;
      if (more === 0) this.#breakOff(stream, ErrorCode.protocol);
      else if (stream.window > MAX_WINDOW) this.#breakOff(stream, ErrorCode.flowControl);
      else this.#outbox.offer(stream);
    }
  }

  #takeReset({ stream: id, payload }: Frame): void {
    if (payload.length !== 4) throw wrongSize();
    this.#knownStream(id);
    const stream = this.#streams.get(id);
    if (stream === undefined) return this.#conduct.idleFrame();
    stream.remoteEnded = true;
    stream.close();
    if (!stream.finished) this.#conduct.reset();
  }

  #takeData(frame: Frame): void {
    const { stream: id, flags, payload } = frame;
    this.#knownStream(id);
    const content = withoutPadding(frame);
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < CONNECTION_WINDOW / 2) {
      const taken = CONNECTION_WINDOW - this.#receiveWindow;
      this.#outbox.send(numberFrame(FrameType.windowUpdate, 0, taken));
      this.#receiveWindow = CONNECTION_WINDOW;
    }
    const ends = (flags & Flag.endStream) !== 0;
    if (content.length === 0 && !ends) this.#conduct.idleFrame(); // CVE-2019-9518
    const stream = this.#streams.get(id);
    if (stream === undefined) return this.#late(id);
    if (stream.remoteEnded) return this.#breakOff(stream, ErrorCode.streamClosed);
    stream.receiveWindow -= payload.length;
    if (stream.receiveWindow < 0) return this.#breakOff(stream, ErrorCode.flowControl);
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
    const stream = this.#streams.get(block.stream);
    if (stream !== undefined) return this.#takeTrailers(stream, block);
    if (block.stream <= this.#lastStream) return this.#conduct.lateFrame(block.stream);
    if (this.#draining) return this.#conduct.idleFrame(); // the client was told that it is not looked at
    this.#lastStream = block.stream;
    this.#open(block);
  }

  #takeTrailers(stream: ServerStream, block: HeaderBlock): void {
    if (stream.remoteEnded) return this.#breakOff(stream, ErrorCode.streamClosed);
    const problem = block.ends ? trailerProblem(block) : "the trailers do not end the stream";
    if (problem !== undefined) stream.body.fail(new HttpSyntaxError(problem));
    if (block.ends) stream.endRequest();
  }

  #open(block: HeaderBlock): void {
    const { stream: id, ends } = block;
    const { total, deadlines, idle } = this.#context;
    if (this.#streams.size >= MAX_SESSION_STREAMS || total.open >= MAX_STREAMS) {
      this.#conduct.idleFrame();
      this.#conduct.brokeOff(id);
      // The client may send it again (RFC 9113 section 8.7).
      this.#outbox.send(numberFrame(FrameType.resetStream, id, ErrorCode.refusedStream));
      return;
    }
    const head = readRequestHead(block, ends);
    const stream = new ServerStream(id, head, this.#initialWindow, {
      outbox: this.#outbox,
      encoder: this.#encoder,
      deadlines,
      idle,
      onClose: () => this.#forget(stream),
    });
    this.#streams.set(id, stream);
    total.open++;
    this.#deadline.at = Infinity;
    if (ends) stream.endRequest();
    this.#serve(head, stream).catch(() => stream.abort());
  }

  async #serve({ length: _, ...head }: StreamHead, stream: ServerStream): Promise<void> {
    const { body } = stream;
    await this.#context.run({ ...head, body, webSocket: false }, stream);
  }

  #forget(stream: ServerStream): void {
    this.#streams.delete(stream.id);
    this.#context.total.open--;
    if (!stream.remoteEnded) this.#conduct.brokeOff(stream.id);
    if (stream.finished) this.#conduct.finished();
    if (this.#streams.size > 0 || this.#ended) return;
    if (this.#draining) this.#goAway(ErrorCode.none);
    else this.#deadline.at = this.#context.deadlines.after(this.#context.idle);
  }

  /** Breaks off a stream for what its client did, which counts like a reset of its own (CVE-2025-8671). */
  #breakOff(stream: ServerStream, code: ErrorCode): void {
    stream.reset(code);
    this.#conduct.brokeOff(stream.id);
    this.#conduct.reset();
  }

  /** Passes over a frame of a stream that is not open any more, or never was because of a goodbye. */
  #late(id: number): void {
    if (id > this.#lastStream) this.#conduct.idleFrame();
    else this.#conduct.lateFrame(id);
  }

  #knownStream(id: number): void {
    if (id === 0 || (id > this.#lastStream && !this.#draining)) {
      throw new ConnectionError(ErrorCode.protocol, "a frame comes on a stream that nobody opened");
    }
  }
}

function onlyOnConnection({ stream }: Frame): void {
  if (stream !== 0) {
    throw new ConnectionError(ErrorCode.protocol, "a frame of the connection comes on a stream");
  }
}

function wrongSize(): ConnectionError {
  return new ConnectionError(ErrorCode.frameSize, "a frame has a size that its type cannot have");
}

function tooMuch(): ConnectionError {
  return new ConnectionError(
    ErrorCode.flowControl,
    "a window is overrun, or larger than any may be",
  );
}
