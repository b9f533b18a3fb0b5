import { Buffer } from "node:buffer";
import type { Body } from "./http1/body.ts";
import { type OutgoingBody, RequestBodyFailed } from "./upstream_connection.ts";

/** A body up to this many bytes is read whole before the first byte goes upstream. */
const WHOLE_BODY_BYTES = 256 * 1024;
/** A slower body starts to flow after this many milliseconds; its sender may wait for an answer meanwhile. */
const WHOLE_BODY_TIME = 250;

const EMPTY = Buffer.alloc(0);

/**
 * Reads the start of a request body, usually all of it: a body that turns out malformed is then refused without
 * a byte upstream, and the request leaves with a known length in one write.
 *
 * @throws RequestBodyFailed
 */
export async function bufferStart(body: Body): Promise<OutgoingBody> {
  if (body.done) return { length: 0, prefix: EMPTY, rest: null };
  const chunks: Buffer[] = [];
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const slow = Symbol("slow");
  const overdue = new Promise<typeof slow>((resolve) =>
    timer = setTimeout(() => resolve(slow), WHOLE_BODY_TIME)
  );
  try {
    while (size < WHOLE_BODY_BYTES) {
      const pending = body.read();
      const next = await Promise.race([pending, overdue]);
      if (next === slow) {
        return { length: body.length, prefix: Buffer.concat(chunks), rest: resumed(body, pending) };
      }
      if (next === null) {
        const prefix = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        return { length: prefix.length, prefix, rest: null };
      }
      chunks.push(next);
      size += next.length;
      if (body.length !== null && size === body.length) {
        return {
          length: size,
          prefix: chunks.length === 1 ? next : Buffer.concat(chunks),
          rest: null,
        };
      }
    }
  } catch (cause) {
    throw new RequestBodyFailed("the request body ended before it was complete", { cause });
  } finally {
    clearTimeout(timer);
  }
  return { length: body.length, prefix: Buffer.concat(chunks), rest: body };
}

/** `body`, with a read that is already under way in front. */
function resumed(body: Body, pending: Promise<Buffer | null>): Body {
  pending.catch(() => {}); // reported by the read that takes it
  let first: Promise<Buffer | null> | undefined = pending;
  return {
    length: body.length,
    get done() {
      return first === undefined && body.done;
    },
    read() {
      const next = first ?? body.read();
      first = undefined;
      return next;
    },
  };
}
