import { Buffer } from "node:buffer";
import { compressionOf } from "./decode/compression.ts";

/** Parts that are looked at one by one; a scan of the whole body sees the others as they are. */
const MOST = 200;
const CR = 0x0d;
const LF = 0x0a;

/**
 * The contents of a multipart body (RFC 2046 section 5.1) that only show what they hold when they are looked at alone:
 * compressed ones. Everything else, headers and file names included, is text of the body itself.
 *
 * The boundary is taken from the body's first line too: a wrong Content-Type must not hide the parts.
 *
 * @param contentType value of Content-Type; empty for none.
 */
export function* partsOf(body: Uint8Array, contentType: string): Generator<Uint8Array> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const boundaries = new Set([boundaryOf(contentType), firstLine(bytes)]);
  let parts = 0;
  for (const boundary of boundaries) {
    if (boundary === undefined) continue;
    const delimiter = Buffer.from(`--${boundary}`, "latin1");
    let at = bytes.indexOf(delimiter);
    while (at >= 0 && parts < MOST) {
      const next = bytes.indexOf(delimiter, at + delimiter.length);
      const content = contentOf(bytes.subarray(at + delimiter.length, next < 0 ? undefined : next));
      if (content !== undefined && compressionOf(content) !== undefined) {
        parts++;
        yield content;
      }
      at = next;
    }
  }
}

function boundaryOf(contentType: string): string | undefined {
  const found = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,]{1,200}))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

function firstLine(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x2d || bytes[1] !== 0x2d) return undefined;
  const line = bytes.subarray(2, 220).toString("latin1").split(/[\r\n]/, 1)[0]!;
  return line === "" || line.length > 200 ? undefined : line;
}

/** What stands between the empty line of a part and the line break before the next delimiter. */
function contentOf(part: Buffer): Buffer | undefined {
  const empty = part.indexOf("\r\n\r\n");
  const bare = empty < 0 ? part.indexOf("\n\n") : -1;
  if (empty < 0 && bare < 0) return undefined;
  let end = part.length;
  if (part[end - 1] === LF) end--;
  if (part[end - 1] === CR) end--;
  return part.subarray(empty < 0 ? bare + 2 : empty + 4, end);
}
