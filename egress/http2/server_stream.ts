import { Buffer } from "node:buffer";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { HeaderList } from "../header_list.ts";
import { ConnectionLost } from "../http1/byte_reader.ts";
import type { Answer } from "../inbound.ts";
import { ByteQueue } from "./byte_queue.ts";
import { belongsToConnection } from "./field_rules.ts";
import { Flag, frameHead, FrameType, MAX_FRAME_BYTES, numberFrame } from "./frame.ts";
import type { HpackEncoder } from "./hpack_encoder.ts";
import type { DataSource, Outbox } from "./outbox.ts";
import { ErrorCode } from "./protocol_error.ts";
import type { StreamHead } from "./request_head.ts";
import { StreamBody } from "./stream_body.ts";

/** Bytes of an answer that wait for a window before its source is asked to wait, too. */
const HIGH_WATER = 64 * 1024;
/** Bytes of a request body that a client may send ahead. */
export const STREAM_WINDOW = 256 * 1024;

/** How long a client may take to see that its answer has come while it still sends, in milliseconds. */
const LINGER = 1_000;

/** What a stream needs of its session. */
export interface StreamContext {
  readonly outbox: Outbox;
  readonly encoder: HpackEncoder;
  readonly deadlines: Deadlines;
  /** Milliseconds that a client may take for the rest of an answer that is complete. */
  readonly idle: number;
  /** Called once, when the stream is closed. */
  readonly onClose: (stream: ServerStream) => void;
}

/** One request and its answer (RFC 9113 section 8.1). */
export class ServerStream implements Answer, DataSource {
  readonly id: number;
  readonly body: StreamBody;
  window: number;
  /** Bytes that the client may still send. */
  receiveWindow = STREAM_WINDOW;
  /** Whether the client has said that nothing more comes. */
  remoteEnded = false;
  closed = false;
  /** Whether the answer was sent to its end. */
  finished = false;
  readonly #context: StreamContext;
  readonly #method: string;
  readonly #isMalformed: boolean;
  readonly #deadline: Deadline;
  #credit = 0;
  readonly #queue = new ByteQueue();
  #ending = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #onGone: (() => void)[] = [];

  /** @param window bytes that the client takes of the answer. */
  constructor(id: number, head: StreamHead, window: number, context: StreamContext) {
    this.id = id;
    this.window = window;
    this.#context = context;
    this.#method = head.method;
    this.#isMalformed = head.refusal?.code === "malformed_request";
    this.body = new StreamBody(head.length, (bytes) => this.giveBack(bytes));
    this.#deadline = {
      at: Infinity,
      // The rest of a body that nobody waits for need not be sent (RFC 9113 section 8.1).
      expire: () => this.reset(this.finished ? ErrorCode.none : ErrorCode.internal),
    };
  }

  // The request.

  /** Lets the client send `bytes` more. */
  giveBack(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit < STREAM_WINDOW / 2 || this.closed || !this.body.open) return;
    this.receiveWindow += this.#credit;
    this.#context.outbox.send(numberFrame(FrameType.windowUpdate, this.id, this.#credit));
    this.#credit = 0;
  }

  // The answer.

  proceed(): void {
    if (!this.closed) this.#sendHead(100, []);
  }

  start(status: number, headers: HeaderList, length: number | null): void {
    if (this.closed) return;
    const bodiless = this.#method === "HEAD" || status === 304;
    const fields: [string, string][] = [];
    for (const { name, value } of headers) {
      if (belongsToConnection(name) || (name === "content-length" && !bodiless)) continue;
      fields.push([name, value]);
    }
    const hasLength = length !== null && !bodiless && status !== 204;
    if (hasLength) fields.push(["content-length", String(length)]);
    this.#sendHead(status, fields);
  }

  #sendHead(status: number, fields: readonly [string, string][]): void {
    const block = this.#context.encoder.encode(status, fields);
    for (let at = 0; at === 0 || at < block.length; at += MAX_FRAME_BYTES) {
      const part = block.subarray(at, at + MAX_FRAME_BYTES);
      const flags = at + MAX_FRAME_BYTES >= block.length ? Flag.endHeaders : 0;
      const type = at === 0 ? FrameType.headers : FrameType.continuation;
      this.#context.outbox.send(frameHead(type, flags, this.id, part.length), part);
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.closed) return Promise.reject(lost());
    this.#queue.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#context.outbox.offer(this);
    if (this.waiting < HIGH_WATER || this.closed) return undefined;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  end(): Promise<void> | undefined {
    this.#onGone = [];
    if (this.closed) return undefined;
    this.#ending = true;
    // A client that opens no window for the answer must not keep the stream for ever.
    this.#deadline.at = this.#context.deadlines.after(this.#context.idle);
    this.#context.deadlines.watch(this.#deadline);
    this.#context.outbox.offer(this);
    return undefined;
  }

  abort(): void {
    this.reset(ErrorCode.internal);
  }

  onGone(listener: () => void): void {
    if (this.closed) listener();
    else this.#onGone.push(listener);
  }

  // Its frames.

  get waiting(): number {
    return this.#queue.size;
  }

  get ending(): boolean {
    return this.#ending;
  }

  take(most: number): Buffer {
    const taken = this.#queue.take(most);
    if (this.waiting < HIGH_WATER) {
      this.#drained?.resolve();
      this.#drained = undefined;
    }
    return taken;
  }

  ended(): void {
    this.finished = true;
    // An answer may come before the stream error that a malformed request is (RFC 9113 section 8.1.1).
    if (this.#isMalformed || this.body.malformed) this.reset(ErrorCode.protocol);
    else if (this.remoteEnded) this.close();
    else this.#deadline.at = this.#context.deadlines.after(LINGER);
  }

  /** Takes the client's word that nothing more comes. */
  endRequest(): void {
    this.remoteEnded = true;
    this.body.end();
    if (!this.finished) return;
    if (this.body.malformed) this.reset(ErrorCode.protocol);
    else this.close();
  }

  /** Breaks the stream off. */
  reset(code: ErrorCode): void {
    if (this.closed) return;
    this.#context.outbox.send(numberFrame(FrameType.resetStream, this.id, code));
    this.close();
  }

  /** Lets go of everything; the client hears nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { outbox, deadlines, onClose } = this.#context;
    outbox.forget(this);
    deadlines.forget(this.#deadline);
    this.#queue.clear();
    this.body.fail(new ConnectionLost("the stream was reset inside its body"));
    this.#drained?.promise.catch(() => {}); // whoever waits hears of it; perhaps nobody does
    this.#drained?.reject(lost());
    this.#drained = undefined;
    onClose(this);
    const gone = this.#onGone;
    this.#onGone = [];
    for (const listener of gone) listener();
  }
}

function lost(): ConnectionLost {
  return new ConnectionLost("the stream was closed while bytes were being written");
}
