import { type ByteReader, StreamFault } from "../http/byte_reader.ts";

/** A pkt-line (gitprotocol-common(5)): data, or one of the marks without any. */
export type PktLine = Uint8Array | "flush" | "delimiter" | "end";

/** Longest pkt-line, its length field included. */
export const LONGEST = 65520;

const encoder = new TextEncoder();
/** `0000` */
export const FLUSH = encoder.encode("0000");

/** One pkt-line. */
export function pktLine(data: string | Uint8Array): Uint8Array {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  if (bytes.length + 4 > LONGEST) throw new RangeError("Cannot write a pkt-line: it is too long");
  const line = new Uint8Array(bytes.length + 4);
  line.set(encoder.encode((bytes.length + 4).toString(16).padStart(4, "0")));
  line.set(bytes, 4);
  return line;
}

/** Joins byte strings. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @throws StreamFault when what comes next is not a pkt-line. */
export async function readPktLine(reader: ByteReader): Promise<PktLine> {
  const digits = new TextDecoder("latin1").decode(await reader.exactly(4));
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new StreamFault("a pkt-line has a malformed length");
  const length = Number.parseInt(digits, 16);
  if (length === 0) return "flush";
  if (length === 1) return "delimiter";
  if (length === 2) return "end";
  if (length === 3 || length > LONGEST) throw new StreamFault("a pkt-line has a wrong length");
  return await reader.exactly(length - 4);
}
