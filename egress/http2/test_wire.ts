import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { Deadlines } from "../deadlines.ts";
import type { Answer } from "../inbound.ts";
import { encodeFrame, Flag, type Frame, FrameScanner, FrameType } from "./frame.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import { type ServedSession, serveHttp2, type StreamRequest } from "./server_session.ts";

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
export const EMPTY = Buffer.alloc(0);

/** A session on a connection whose other end is the test. */
export class Wire extends Duplex {
  readonly session: ServedSession;
  readonly asked: [StreamRequest, Answer][] = [];
  readonly total = { open: 0 };
  readonly failures: unknown[] = [];
  /** Whether what is written is taken. */
  reads = true;
  stopped = false;
  now = 0;
  readonly #deadlines = new Deadlines(() => this.now, 5);
  readonly #scanner = new FrameScanner();
  #taken: (() => void) | undefined;

  constructor() {
    super({ writableHighWaterMark: 1 });
    const valve = {
      stop: () => {
        this.stopped = true;
      },
      flow: () => {
        this.stopped = false;
      },
    };
    this.session = serveHttp2(this, {
      valve,
      idle: 1_000,
      deadlines: this.#deadlines,
      total: this.total,
      run: async (request, answer) => {
        this.asked.push([request, answer]);
        await Promise.resolve();
      },
      onFailure: (error) => this.failures.push(error),
    });
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#scanner.push(bytes);
    if (this.reads) done();
    else this.#taken = done;
  }

  /** Takes what waits. */
  read1(): void {
    this.reads = true;
    this.#taken?.();
  }

  send(...frames: [type: number, flags: number, stream: number, payload: Uint8Array][]): void {
    this.push(Buffer.concat(frames.map((frame) => encodeFrame(...frame))));
  }

  greet(): void {
    this.push(PREFACE);
    this.send([FrameType.settings, 0, 0, EMPTY]);
  }

  request(stream: number, flags: number, method = "GET"): void {
    const block = new HpackEncoder().encode(0, [
      [":method", method],
      [":scheme", "https"],
      [":authority", "example.com"],
      [":path", "/"],
    ]);
    // Without the size of a table and the status, which only answers have.
    this.send([FrameType.headers, flags | Flag.endHeaders, stream, block.subarray(4)]);
  }

  /** Answers the request that came `index`-th with two bytes. */
  answer(index: number): void {
    const [, answer] = this.asked[index]!;
    answer.start(200, [], 2);
    answer.write(Buffer.from("ok"));
    answer.end();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** What the session has sent since the last call. */
  async frames(): Promise<Frame[]> {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    const frames: Frame[] = [];
    for (let frame = this.#scanner.next(); frame !== undefined; frame = this.#scanner.next()) {
      frames.push(frame);
    }
    return frames;
  }

  /** The code of the last GOAWAY. */
  async goAway(): Promise<number | undefined> {
    return (await this.frames()).findLast(({ type }) => type === FrameType.goAway)?.payload
      .readUInt32BE(4);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.destroy();
    this.#deadlines[Symbol.dispose]();
    await this.session.closed;
    assert.equal(this.total.open, 0);
  }
}
