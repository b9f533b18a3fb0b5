import { ByteReader, type Pull, StreamFault } from "./byte_reader.ts";
import { HttpRefusal } from "./request_head.ts";

/** Bytes that are unpacked in one step: gzip makes at most a thousand times as much of them. */
const GZIP_STEP = 512;

/**
 * The body of a request, its framing and coding undone (RFC 9112, sections 6 and 7.1).
 *
 * @param ended called once when the last byte of the body has been read from the connection.
 * @throws HttpRefusal 400, 411 or 415 for a framing that is not plain.
 */
export function requestBody(
  headers: ReadonlyMap<string, string>,
  wire: ByteReader,
  ended: () => void,
): Pull {
  const framed = framedBody(headers, wire);
  let done = false;
  const counted: Pull = async () => {
    if (done) return null;
    const bytes = await framed();
    if (bytes === null) {
      done = true;
      ended();
    }
    return bytes;
  };
  switch (headers.get("content-encoding")?.toLowerCase() ?? "identity") {
    case "identity":
      return counted;
    case "gzip":
    case "x-gzip":
      return gunzipped(counted);
    default:
      throw new HttpRefusal(415, "only gzip is understood as a content coding");
  }
}

function framedBody(headers: ReadonlyMap<string, string>, wire: ByteReader): Pull {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined) throw new HttpRefusal(400, "the body has two lengths");
    if (coding.toLowerCase() !== "chunked") throw new HttpRefusal(400, "the coding is not known");
    return chunkedBody(wire);
  }
  if (length === undefined) throw new HttpRefusal(411, "the body has no length");
  if (!/^\d{1,15}$/.test(length)) throw new HttpRefusal(400, "the length is malformed");
  let left = Number(length);
  return async () => {
    if (left === 0) return null;
    const bytes = await wire.some(left);
    if (bytes === null) throw new StreamFault("the body ends too early");
    left -= bytes.length;
    return bytes;
  };
}

const LINE_END = new Uint8Array([13, 10]);

function chunkedBody(wire: ByteReader): Pull {
  let left = 0;
  let ended = false;
  return async () => {
    if (ended) return null;
    if (left === 0) {
      const size = new TextDecoder("latin1").decode(await wire.until(LINE_END, 20));
      if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw new StreamFault("a chunk size is malformed");
      left = Number.parseInt(size, 16);
      if (left === 0) {
        if ((await wire.until(LINE_END, 0)).length !== 0) throw new StreamFault("it has trailers");
        ended = true;
        return null;
      }
    }
    const bytes = await wire.some(left);
    if (bytes === null) throw new StreamFault("the body ends too early");
    left -= bytes.length;
    if (left === 0) await wire.until(LINE_END, 0);
    return bytes;
  };
}

/** Unpacks in small steps, so that what one step makes stays small whatever the bytes are. */
function gunzipped(packed: Pull): Pull {
  let rest: Uint8Array = new Uint8Array(0);
  const source = new ReadableStream<BufferSource>({
    async pull(controller) {
      if (rest.length === 0) {
        const more = await packed();
        if (more === null) return controller.close();
        rest = more;
      }
      controller.enqueue(rest.slice(0, GZIP_STEP));
      rest = rest.subarray(GZIP_STEP);
    },
  }, { highWaterMark: 0 });
  const reader = source.pipeThrough(new DecompressionStream("gzip")).getReader();
  return async () => {
    try {
      const { value, done } = await reader.read();
      return done ? null : value;
    } catch (error) {
      if (error instanceof TypeError) throw new StreamFault("the body is not valid gzip");
      throw error;
    }
  };
}
