import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { ByteSource } from "./byte_source.ts";
import { plainAnswer, type ReceivedRequest, type Respond } from "./recording_upstream.ts";

/** How a frame differs from a final one that is not masked. */
export interface FrameOptions {
  readonly masked?: boolean;
  readonly final?: boolean;
  /** Reserved bits, 0 to 7. */
  readonly reserved?: number;
  /** Length that is announced in 64 bits, whatever the payload. */
  readonly length64?: bigint;
}

/** Opcodes (RFC 6455 section 5.2). */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One WebSocket frame. */
export function webSocketFrame(
  opcode: number,
  payload: string | Uint8Array,
  { masked = false, final = true, reserved = 0, length64 }: FrameOptions = {},
): Buffer {
  const body = Buffer.from(payload as string);
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  const maskBit = masked ? 0x80 : 0;
  let length: Buffer;
  if (length64 !== undefined) {
    length = Buffer.alloc(9, maskBit | 127);
    length.writeBigUInt64BE(length64, 1);
  } else if (body.length < 126) {
    length = Buffer.from([maskBit | body.length]);
  } else if (body.length < 65_536) {
    length = Buffer.from([maskBit | 126, body.length >> 8, body.length & 255]);
  } else {
    length = Buffer.alloc(9, maskBit | 127);
    length.writeBigUInt64BE(BigInt(body.length), 1);
  }
  if (!masked) return Buffer.concat([Buffer.from([first]), length, body]);
  const key = Buffer.from([1, 2, 3, 4]);
  const hidden = body.map((byte, at) => byte ^ key[at % 4]!);
  return Buffer.concat([Buffer.from([first]), length, key, hidden]);
}

/** A frame as it was received. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
}

/** Reads one frame; null when the connection ended. */
export async function readFrame(source: ByteSource, ms: number): Promise<ReceivedFrame | null> {
  const head = await source.take(2, ms);
  if (head.length < 2) return null;
  const short = head[1]! & 0x7f;
  let length = short;
  if (short === 126) length = (await source.take(2, ms)).readUInt16BE();
  if (short === 127) length = Number((await source.take(8, ms)).readBigUInt64BE());
  const key = (head[1]! & 0x80) === 0 ? Buffer.alloc(4) : await source.take(4, ms);
  const payload = await source.take(length, ms);
  return {
    opcode: head[0]! & 0x0f,
    final: (head[0]! & 0x80) !== 0,
    payload: Buffer.from(payload.map((byte, at) => byte ^ key[at % 4]!)),
  };
}

/** The status that a close frame names. */
export function closeStatus(frame: ReceivedFrame | null): number | undefined {
  return frame?.opcode === Opcode.close && frame.payload.length >= 2
    ? frame.payload.readUInt16BE()
    : undefined;
}

/** A handshake request with the key of RFC 6455 section 1.3. */
export function handshake(host: string, path = "/", fields: readonly string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${btoa("sixteen letters.")}`,
    ...fields,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** The 101 answer to a handshake. */
export function switching({ headers }: ReceivedRequest, fields: readonly string[] = []): string {
  const key = headers.get("sec-websocket-key") ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Accept: ${accept}`,
    ...fields,
    "\r\n",
  ].join("\r\n");
}

/** Accepts handshakes and sends every text and binary frame back. */
export const echoFrames: Respond = async (request, peer) => {
  if (!request.headers.has("upgrade")) return plainAnswer("not a handshake");
  await peer.write(switching(request));
  for (;;) {
    const received = await readFrame(peer.source, 60_000);
    if (received === null) return "close";
    const opcode = received.opcode === Opcode.ping ? Opcode.pong : received.opcode;
    const { final } = received;
    await peer.write(webSocketFrame(opcode, received.payload, { final }));
    if (received.opcode === Opcode.close) return "close";
  }
};
