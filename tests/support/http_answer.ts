import { Buffer } from "node:buffer";
import type { ByteSource } from "./byte_source.ts";

/** An HTTP/1 answer as it stood on the wire, with its chunks put together. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; lines of one name joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Status line and fields, as they came. */
  readonly head: string;
  readonly body: Buffer;
}

/** The parts of a head: its first line and its fields. */
export function splitHead(head: string): { start: string; fields: Map<string, string> } {
  const [start = "", ...lines] = head.split("\r\n").filter((line) => line !== "");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
  }
  return { start, fields };
}

/**
 * Reads one final answer; interim ones are skipped. Null when the connection ended instead.
 * Kept apart from the parser of the proxy, which it judges.
 */
export async function readAnswer(
  source: ByteSource,
  method: string,
  ms: number,
): Promise<HttpAnswer | null> {
  for (;;) {
    const bytes = await source.takeThrough("\r\n\r\n", ms);
    if (bytes === null) return null;
    const head = bytes.toString("latin1");
    const { start, fields } = splitHead(head);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1]);
    if (!(status >= 100)) throw new Error(`Not a status line: ${JSON.stringify(start)}`);
    if (status < 200 && status !== 101) continue;
    const bodiless = method === "HEAD" || status === 204 || status === 304 || status === 101 ||
      (method === "CONNECT" && status < 300);
    const body = bodiless ? Buffer.alloc(0) : await readBody(source, fields, ms);
    return { status, headers: fields, head, body };
  }
}

/** Reads a body by the framing that `fields` tell. */
export async function readBody(
  source: ByteSource,
  fields: ReadonlyMap<string, string>,
  ms: number,
): Promise<Buffer> {
  if (fields.get("transfer-encoding") === "chunked") return await readChunks(source, ms);
  const length = fields.get("content-length");
  if (length === undefined) return await source.rest(ms);
  const body = await source.take(Number(length), ms);
  if (body.length < Number(length)) throw new Error("The body was cut short");
  return body;
}

async function readChunks(source: ByteSource, ms: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const line = await source.takeThrough("\r\n", ms);
    if (line === null) throw new Error("The chunked body was cut short");
    const size = parseInt(line.toString("latin1"), 16);
    if (size === 0) break;
    parts.push(await source.take(size, ms));
    if ((await source.take(2, ms)).toString() !== "\r\n") throw new Error("A chunk is malformed");
  }
  while (!["\r\n", undefined].includes((await source.takeThrough("\r\n", ms))?.toString()));
  return Buffer.concat(parts);
}
