import { Buffer } from "node:buffer";
import { FrameGuard, type FrameHeader, type FrameProblem } from "./websocket_frames.ts";

/** Opcodes of RFC 6455 section 5.2. */
export const Opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A whole message: fragments joined and unmasked; a control frame is one too. */
export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Joins the frames of one direction to messages (RFC 6455 section 5.4). */
export class MessageAssembler {
  readonly #guard: FrameGuard;
  readonly #limit: number;
  #ready: Message[] = [];
  /** Of the data message under way; control frames may come between its fragments. */
  #opcode = 0;
  readonly #data = new GrowingBuffer();
  readonly #control = new GrowingBuffer();
  #frame: FrameHeader | undefined;
  /** Payload bytes of the frame under way that have been taken. */
  #taken = 0;

  /** @param limit most bytes of one message. */
  constructor(sender: "client" | "server", limit: number) {
    this.#limit = limit;
    this.#guard = new FrameGuard(sender, {
      begin: (header) => this.#begin(header),
      payload: (bytes) => this.#take(bytes),
      end: () => this.#end(),
    });
  }

  /** Takes bytes; gives the messages that end in them, and what is wrong after those. */
  push(bytes: Buffer): { messages: readonly Message[]; problem: FrameProblem | undefined } {
    this.#ready = [];
    const problem = this.#guard.push(bytes);
    return { messages: this.#ready, problem };
  }

  #begin(header: FrameHeader): FrameProblem | undefined {
    this.#frame = header;
    this.#taken = 0;
    if (header.opcode >= 8) return undefined;
    if (this.#data.length + header.length > this.#limit) {
      return { status: 1009, reason: `a message is larger than ${this.#limit} bytes` };
    }
    if (header.opcode !== 0) this.#opcode = header.opcode;
    return undefined;
  }

  #take(bytes: Buffer): void {
    const { mask, opcode } = this.#frame!;
    const piece = (opcode >= 8 ? this.#control : this.#data).append(bytes);
    if (mask !== undefined) {
      for (let at = 0; at < piece.length; at++) piece[at]! ^= mask[(this.#taken + at) & 3]!;
    }
    this.#taken += bytes.length;
  }

  #end(): FrameProblem | undefined {
    const { opcode, final } = this.#frame!;
    if (opcode >= 8) {
      this.#ready.push({ opcode, payload: this.#control.release() });
      return undefined;
    }
    if (!final) return undefined;
    const payload = this.#data.release();
    if (this.#opcode === Opcode.text && !isUtf8(payload)) {
      return { status: 1007, reason: "a text message is not UTF-8" };
    }
    this.#ready.push({ opcode: this.#opcode, payload });
    return undefined;
  }
}

/** Bytes that arrive in pieces, kept in one buffer: a piece of one byte must not cost an object. */
class GrowingBuffer {
  #bytes: Buffer = Buffer.alloc(0);
  length = 0;

  /** Copies `bytes` to the end; gives the copy, to be changed in place. */
  append(bytes: Buffer): Buffer {
    const needed = this.length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    const copy = this.#bytes.subarray(this.length, needed);
    this.length = needed;
    return copy;
  }

  /** Everything so far; what comes next begins anew. */
  release(): Buffer {
    const all = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.alloc(0);
    this.length = 0;
    return all;
  }
}

function isUtf8(bytes: Buffer): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * A message as one frame. One to the upstream is masked with a fresh key (section 5.3), so that neither fragments
 * nor masks carry anything of the agent's choosing.
 */
export function messageFrame({ opcode, payload }: Message, masked: boolean): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes + (masked ? 4 : 0));
  head[0] = 0x80 | opcode;
  head[1] = (masked ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const key = crypto.getRandomValues(new Uint8Array(4));
  head.set(key, head.length - 4);
  const frame = Buffer.concat([head, payload]);
  for (let at = 0; at < length; at++) frame[head.length + at]! ^= key[at & 3]!;
  return frame;
}
