import { Buffer } from "node:buffer";
import { PATIENCE, type RawClient } from "./raw_client.ts";

/** Frame types (RFC 9113 section 6). */
export const Frame = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Frame flags. */
export const Flag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** Largest payload that every peer takes. */
const MAX_FRAME_BYTES = 16_384;

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block of literal fields without indexing or Huffman coding (RFC 7541 section 6.2.2). */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [
    Buffer.from([0]),
    literal(name),
    literal(value),
  ]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The usual fields of a GET; `more` stands after them. */
export function getFields(
  authority: string,
  path: string,
  more: readonly (readonly [string, string])[] = [],
): (readonly [string, string])[] {
  return [
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", authority],
    [":path", path],
    ...more,
  ];
}

/** What a server did about one stream, or about the whole connection. */
export interface Http2Outcome {
  /** Status of the answer, when there was one. */
  status?: number;
  /** Error code of RST_STREAM. */
  reset?: number;
  /** Error code of GOAWAY. */
  goAway?: number;
  /** The connection ended. */
  closed: boolean;
  body: string;
  /** The answer's header block as it came. */
  headerBytes: Buffer;
}

/** An HTTP/2 client that sends exactly the frames it is given. */
export class Http2Client implements Disposable {
  readonly #raw: RawClient;

  private constructor(raw: RawClient) {
    this.#raw = raw;
  }

  /** Takes over a connection on which h2 was agreed. */
  static async start(raw: RawClient): Promise<Http2Client> {
    const client = new Http2Client(raw);
    await raw.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // SETTINGS_HEADER_TABLE_SIZE 0: answers then use no table that would have to be kept.
    await client.send(Frame.settings, 0, 0, Buffer.from([0, 1, 0, 0, 0, 0]));
    return client;
  }

  async send(type: number, flags: number, stream: number, payload: Uint8Array): Promise<void> {
    await this.#raw.send(frame(type, flags, stream, payload));
  }

  /** Opens a stream with one HEADERS frame, and CONTINUATION frames for what does not fit in it. */
  async request(
    stream: number,
    fields: readonly (readonly [string, string])[],
    endStream = true,
  ): Promise<void> {
    const block = headerBlock(fields);
    const frames: Buffer[] = [];
    for (let at = 0; at === 0 || at < block.length; at += MAX_FRAME_BYTES) {
      const type = at === 0 ? Frame.headers : Frame.continuation;
      const end = at + MAX_FRAME_BYTES >= block.length ? Flag.endHeaders : 0;
      const flags = end | (at === 0 && endStream ? Flag.endStream : 0);
      frames.push(frame(type, flags, stream, block.subarray(at, at + MAX_FRAME_BYTES)));
    }
    await this.#raw.send(Buffer.concat(frames));
  }

  /** Reads until the stream has ended, was reset, or the connection is done. */
  async outcome(stream: number, ms = PATIENCE): Promise<Http2Outcome> {
    const outcome: Http2Outcome = { closed: false, body: "", headerBytes: Buffer.alloc(0) };
    for (;;) {
      const head = await this.#raw.source.take(9, ms);
      if (head.length < 9) return { ...outcome, closed: true };
      const payload = await this.#raw.source.take(head.readUIntBE(0, 3), ms);
      const [type, flags, id] = [head[3]!, head[4]!, head.readUInt32BE(5) & 0x7fffffff];
      if (type === Frame.settings && (flags & Flag.ack) === 0) {
        await this.send(Frame.settings, Flag.ack, 0, Buffer.alloc(0)).catch(() => {});
      } else if (type === Frame.goAway) {
        return { ...outcome, goAway: payload.readUInt32BE(4) };
      } else if (id !== stream) {
        continue;
      } else if (type === Frame.resetStream) {
        return { ...outcome, reset: payload.readUInt32BE(0) };
      } else if (type === Frame.headers && outcome.status === undefined) {
        const status = statusOf(payload);
        if (status >= 200) outcome.status = status;
        outcome.headerBytes = payload;
      } else if (type === Frame.data) {
        outcome.body += payload.toString("utf8");
      }
      const mayEnd = type === Frame.data || type === Frame.headers;
      if (mayEnd && (flags & Flag.endStream) !== 0) return outcome;
    }
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }
}

/** Huffman codes of the digits, most significant bit first (RFC 7541 appendix B). */
const DIGITS: Readonly<Record<string, string>> = {
  "00000": "0",
  "00001": "1",
  "00010": "2",
  "011001": "3",
  "011010": "4",
  "011011": "5",
  "011100": "6",
  "011101": "7",
  "011110": "8",
  "011111": "9",
};
const STATIC_STATUS = [200, 204, 206, 304, 400, 404, 500]; // indexes 8 to 14

/** The status of a header block that begins with it; no other field is looked at. */
function statusOf(block: Buffer): number {
  let at = 0;
  while ((block[at]! & 0xe0) === 0x20) at++; // dynamic table size updates below 31
  const first = block[at]!;
  if ((first & 0x80) !== 0) {
    const indexed = STATIC_STATUS[(first & 0x7f) - 8];
    if (indexed === undefined) throw new Error(`Field ${first & 0x7f} of the table is no status`);
    return indexed;
  }
  const length = block[at + 1]!;
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f));
  return Number((length & 0x80) === 0 ? value.toString("latin1") : huffmanDigits(value));
}

function huffmanDigits(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  let text = "";
  let code = "";
  for (const bit of bits) {
    code += bit;
    const digit = DIGITS[code];
    if (digit === undefined) continue;
    text += digit;
    code = "";
  }
  return text;
}
