import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { Answer, InboundRequest } from "../inbound.ts";
import { ConnectionLost, type Valve } from "../http1/byte_reader.ts";
import { MAX_HEAD_BYTES } from "../http1/head_scanner.ts";
import { ClientFrames } from "./client_frames.ts";
import { Conduct } from "./conduct.ts";
import { encodeFrame, FrameType, numberFrame } from "./frame.ts";
import { Outbox } from "./outbox.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";
import type { StreamHead } from "./request_head.ts";
import { type ServerStream, STREAM_WINDOW } from "./server_stream.ts";
import { CONNECTION_WINDOW, SessionFrames } from "./session_frames.ts";
import { MAX_SESSION_STREAMS, SessionStreams, type StreamCount } from "./session_streams.ts";
import { DEFAULT_WINDOW, settingsFrame } from "./settings.ts";

/** How long what still comes is read and dropped after the last frame, in milliseconds: a reset would eat it. */
const LINGER = 1_000;

/** A request as HTTP/2 carries it, for the tunnel to complete. */
export type StreamRequest = Pick<
  InboundRequest,
  "method" | "target" | "headers" | "body" | "expectContinue" | "webSocket" | "refusal"
>;

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
  /** Told of what ended the session before its time (a ConnectionError), and of faults of this side. */
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

/** One connection from its preface to its goodbye (RFC 9113 sections 3.4, 5.4.1 and 6.8). */
class ServerSession {
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #context: SessionContext;
  readonly #outbox: Outbox;
  readonly #received = new ClientFrames();
  readonly #streams: SessionStreams;
  readonly #frames: SessionFrames;
  readonly #deadline: Deadline;
  #ended = false;

  constructor(socket: Duplex, context: SessionContext) {
    const { deadlines, idle, total, valve } = context;
    this.#socket = socket;
    this.#context = context;
    const outbox = this.#outbox = new Outbox(socket, valve);
    const conduct = new Conduct(() => deadlines.after(0));
    const streams = this.#streams = new SessionStreams({
      ...{ outbox, conduct, deadlines, idle, total },
      serve: (head, stream) => this.#serve(head, stream),
      onEmpty: () => this.#rest(),
    });
    this.#frames = new SessionFrames({ outbox, conduct, streams, onGoAway: () => this.drain() });
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
    outbox.send(
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
    if (this.#ended || this.#streams.draining) return;
    this.#streams.draining = true;
    if (this.#streams.size === 0) this.#goAway(ErrorCode.none);
    else this.#sendGoAway(ErrorCode.none);
  }

  #receive(bytes: Buffer): void {
    if (this.#ended) return;
    try {
      this.#received.push(bytes);
      while (!this.#ended) {
        const frame = this.#received.next();
        if (frame === undefined) break;
        this.#frames.take(frame);
      }
    } catch (error) {
      this.#goAway(error instanceof ConnectionError ? error.code : ErrorCode.internal);
      this.#context.onFailure(error);
    }
  }

  #serve({ length: _, ...head }: StreamHead, stream: ServerStream): void {
    this.#deadline.at = Infinity; // the request has a time limit of its own
    const request = { ...head, body: stream.body, webSocket: false };
    this.#context.run(request, stream).catch((error) => {
      stream.abort();
      if (!(error instanceof ConnectionLost)) this.#context.onFailure(error);
    });
  }

  /** No stream is open. */
  #rest(): void {
    if (this.#ended) return;
    if (this.#streams.draining) this.#goAway(ErrorCode.none);
    else this.#deadline.at = this.#context.deadlines.after(this.#context.idle);
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
    payload.writeUInt32BE(this.#streams.newest, 0);
    payload.writeUInt32BE(code, 4);
    this.#outbox.send(encodeFrame(FrameType.goAway, 0, 0, payload));
  }

  /** Ends every stream without a word to the client. */
  #leave(): void {
    this.#ended = true;
    this.#streams.close();
  }
}
