import { Buffer } from "node:buffer";

/** Largest frame payload that is passed on, in bytes. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Why a stream of frames must end, with the WebSocket close code (RFC 6455 section 7.4.1). */
export interface FrameProblem {
  readonly status: 1002 | 1007 | 1009;
  readonly reason: string;
}

/** What the header of a frame says. */
export interface FrameHeader {
  readonly opcode: number;
  readonly final: boolean;
  /** Payload bytes that follow. */
  readonly length: number;
  /** The four bytes that a client's payload is masked with. */
  readonly mask: Buffer | undefined;
}

/** Takes frames apart as they pass by; calls come in the order of the bytes. */
export interface FrameSink {
  begin(header: FrameHeader): FrameProblem | undefined;
  /** A piece of the payload as it came, masked if it is a client's. */
  payload(bytes: Buffer): void;
  end(): FrameProblem | undefined;
}

/** Checks the frame headers of one direction as bytes pass by (RFC 6455 section 5.2). */
export class FrameGuard {
  readonly #sender: "client" | "server";
  readonly #sink: FrameSink | undefined;
  #header: number[] = [];
  #payload = 0;
  #fragmented = false;
  #closed = false;

  constructor(sender: "client" | "server", sink?: FrameSink) {
    this.#sender = sender;
    this.#sink = sink;
  }

  /** Takes bytes; the first problem in them, if any. Nothing may be passed on after one. */
  push(bytes: Buffer): FrameProblem | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#payload > 0) {
        const skipped = Math.min(this.#payload, bytes.length - at);
        this.#payload -= skipped;
        this.#sink?.payload(bytes.subarray(at, at + skipped));
        at += skipped;
        const problem = this.#payload === 0 ? this.#sink?.end() : undefined;
        if (problem !== undefined) return problem;
        continue;
      }
      this.#header.push(bytes[at++]!);
      const problem = this.#check();
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #check(): FrameProblem | undefined {
    const [first, second] = this.#header as [number, number | undefined];
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    if (this.#header.length === 1) {
      if (this.#closed) return { status: 1002, reason: "a frame follows the close frame" };
      if ((first & 0x70) !== 0) {
        return { status: 1002, reason: "a reserved bit is set without an extension" };
      }
      if ((opcode > 2 && opcode < 8) || opcode > 10) {
        return { status: 1002, reason: "the opcode is reserved" };
      }
      if (opcode >= 8 && !final) return { status: 1002, reason: "a control frame is fragmented" };
      if (opcode === 0 && !this.#fragmented) {
        return { status: 1002, reason: "a continuation has no beginning" };
      }
      if ((opcode === 1 || opcode === 2) && this.#fragmented) {
        return { status: 1002, reason: "a message begins inside another" };
      }
      return undefined;
    }
    const masked = (second! & 0x80) !== 0;
    const short = second! & 0x7f;
    if (this.#header.length === 2) {
      if (masked !== (this.#sender === "client")) {
        return {
          status: 1002,
          reason: masked ? "a server frame is masked" : "a client frame is not masked",
        };
      }
      if (opcode >= 8 && short > 125) {
        return { status: 1002, reason: "a control frame is longer than 125 bytes" };
      }
    }
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    if (this.#header.length < 2 + lengthBytes + (masked ? 4 : 0)) return undefined;
    const length = lengthBytes === 0
      ? short
      : this.#header.slice(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
    if (length > MAX_FRAME_BYTES) {
      return { status: 1009, reason: `a frame is larger than ${MAX_FRAME_BYTES} bytes` };
    }
    if (opcode < 8) this.#fragmented = !final;
    if (opcode === 8) this.#closed = true;
    const mask = masked ? Buffer.from(this.#header.slice(-4)) : undefined;
    this.#header = [];
    this.#payload = length;
    const problem = this.#sink?.begin({ opcode, final, length, mask });
    return problem ?? (length === 0 ? this.#sink?.end() : undefined);
  }
}
