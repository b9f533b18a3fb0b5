import type { Deadlines } from "../deadlines.ts";
import type { Conduct } from "./conduct.ts";
import { FrameType, numberFrame } from "./frame.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import type { Outbox } from "./outbox.ts";
import { ConnectionError, ErrorCode } from "./protocol_error.ts";
import { readRequestHead, type StreamHead } from "./request_head.ts";
import { ServerStream } from "./server_stream.ts";
import { DEFAULT_WINDOW, MAX_WINDOW } from "./settings.ts";

/** Most streams at once over all sessions of a proxy: each may need a connection to an upstream, and up to 1 MB. */
const MAX_STREAMS = 512;
/** Most streams at once of one session. */
export const MAX_SESSION_STREAMS = 128;

/** How many streams are open, over all sessions of a proxy. */
export interface StreamCount {
  open: number;
}

/** What the streams of a session need. */
export interface StreamsContext {
  readonly outbox: Outbox;
  readonly conduct: Conduct;
  readonly deadlines: Deadlines;
  /** Milliseconds that a client may take for the rest of an answer that is complete. */
  readonly idle: number;
  /** Counts the streams of this session among the others'. */
  readonly total: StreamCount;
  readonly serve: (head: StreamHead, stream: ServerStream) => void;
  /** Told when the last open stream is closed. */
  readonly onEmpty: () => void;
}

/** The streams of one session (RFC 9113 section 5.1): those that are open, and which ones were. */
export class SessionStreams {
  /** Whether new ones are passed over: the client was told which one was the last. */
  draining = false;
  readonly #context: StreamsContext;
  readonly #encoder = new HpackEncoder();
  readonly #open = new Map<number, ServerStream>();
  #newest = 0;
  #initialWindow = DEFAULT_WINDOW;

  constructor(context: StreamsContext) {
    this.#context = context;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Number of the newest stream that was looked at. */
  get newest(): number {
    return this.#newest;
  }

  /** The open stream with a number. */
  get(id: number): ServerStream | undefined {
    return this.#open.get(id);
  }

  /**
   * Opens a stream with the head of its request.
   *
   * @throws ConnectionError when its number was used up, or too many came in vain.
   */
  open(block: HeaderBlock): void {
    const { stream: id, ends } = block;
    const { conduct, total, outbox, deadlines, idle, serve } = this.#context;
    if (id <= this.#newest) return conduct.lateFrame(id);
    if (this.draining) return conduct.idleFrame();
    this.#newest = id;
    if (this.#open.size >= MAX_SESSION_STREAMS || total.open >= MAX_STREAMS) {
      conduct.idleFrame();
      conduct.brokeOff(id);
      // The client may send it again (RFC 9113 section 8.7).
      outbox.send(numberFrame(FrameType.resetStream, id, ErrorCode.refusedStream));
      return;
    }
    const head = readRequestHead(block, ends);
    const stream = new ServerStream(id, head, this.#initialWindow, {
      outbox,
      encoder: this.#encoder,
      deadlines,
      idle,
      onClose: () => this.#forget(stream),
    });
    this.#open.set(id, stream);
    total.open++;
    if (ends) stream.endRequest();
    serve(head, stream);
  }

  /** Breaks off a stream for what its client did, which counts like a reset of its own (CVE-2025-8671). */
  breakOff(stream: ServerStream, code: ErrorCode): void {
    stream.reset(code);
    this.#context.conduct.brokeOff(stream.id);
    this.#context.conduct.reset();
  }

  /** Closes all of them without a word to the client. */
  close(): void {
    for (const stream of [...this.#open.values()]) stream.close();
  }

  /**
   * Sets the window that streams begin with, and changes those of open ones by the difference (section 6.9.2).
   *
   * @throws ConnectionError when one becomes too large.
   */
  setInitialWindow(window: number): void {
    const more = window - this.#initialWindow;
    this.#initialWindow = window;
    for (const stream of this.#open.values()) {
      stream.window += more;
      if (stream.window > MAX_WINDOW) {
        throw new ConnectionError(ErrorCode.flowControl, "a window is larger than any may be");
      }
      this.#context.outbox.offer(stream);
    }
  }

  /** @throws ConnectionError when a frame comes on a stream that was never opened. */
  checkKnown(id: number): void {
    if (id <= this.#newest || this.draining) return;
    throw new ConnectionError(ErrorCode.protocol, "a frame comes on a stream that nobody opened");
  }

  /** Passes over a frame of a stream that is not open any more, or never was because of a goodbye. */
  passOver(id: number): void {
    if (id > this.#newest) this.#context.conduct.idleFrame();
    else this.#context.conduct.lateFrame(id);
  }

  #forget(stream: ServerStream): void {
    const { total, conduct, onEmpty } = this.#context;
    this.#open.delete(stream.id);
    total.open--;
    if (!stream.remoteEnded) conduct.brokeOff(stream.id);
    if (stream.finished) conduct.finished();
    if (this.#open.size === 0) onEmpty();
  }
}
