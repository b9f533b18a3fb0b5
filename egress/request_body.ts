import { Buffer } from "node:buffer";
import type { Body } from "./http1/body.ts";
import { type Denial, deny } from "./denial.ts";
import type { BodyMemory, MemoryShare } from "./outbound/body_memory.ts";
import { Refusal } from "./refusal.ts";
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

/** Bytes that a body may hold before it needs a share of the memory for bodies: small ones never wait. */
const FREE_BYTES = 64 * 1024;

/** What a whole body is read with. */
export interface WholeBodyOptions {
  /** Most bytes. */
  readonly most: number;
  readonly memory: BodyMemory;
  /** Ends the wait for a sender that is gone or says nothing for too long. */
  readonly gone: () => AbortSignal;
  /** Told of every piece. */
  readonly progress: () => void;
}

/** A whole body, and the memory that it holds. */
export interface WholeBody {
  readonly bytes: Buffer;
  readonly share: MemoryShare | undefined;
}

/** Why a body of an announced length cannot be taken; undefined when it can. */
export function lengthDenial({ length }: Body, most: number): Denial | undefined {
  return (length ?? 0) > most ? tooLarge(most) : undefined;
}

/** The refusal of a body with more than `most` bytes. */
export function tooLarge(most: number): Denial {
  return deny("body_too_large", `the body has more than the ${most} bytes that are looked at`);
}

/**
 * Reads a body to its end: what is looked at is what is sent.
 *
 * @throws RequestBodyFailed, Refusal `body_too_large`, or the reason of `gone`.
 */
export async function readWhole(body: Body, options: WholeBodyOptions): Promise<WholeBody> {
  if (body.done) return { bytes: EMPTY, share: undefined };
  const { most, memory, progress } = options;
  const gone = options.gone();
  const broken = new Promise<never>((_, reject) => {
    const leave = () => reject(gone.reason);
    if (gone.aborted) leave();
    else gone.addEventListener("abort", leave, { once: true });
  });
  broken.catch(() => {}); // reported by the read that waits
  let share: MemoryShare | undefined;
  const { length } = body;
  const read = () => Promise.race([readFrom(body), broken]);
  try {
    if (length !== null && length > FREE_BYTES) {
      share = await memory.reserve(length, gone);
      return { bytes: await readInto(Buffer.allocUnsafeSlow(length), read, progress), share };
    }
    const chunks: Buffer[] = [];
    let size = 0;
    while (length === null || size < length) {
      const next = await read();
      if (next === null) break;
      progress();
      chunks.push(next);
      size += next.length;
      if (size > most) throw new Refusal(tooLarge(most));
      if (size > FREE_BYTES) share ??= await memory.reserve(most, gone);
    }
    share?.keep(size);
    return { bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), share };
  } catch (error) {
    share?.release();
    throw error;
  }
}

/** Bytes of a body after which what they were read into is collected. */
const COLLECT_AFTER = 2 * 1024 * 1024;

/**
 * Collects the young generation, in about a millisecond. V8 does not count the 64 KB buffers that a socket is read
 * into, and would keep many megabytes of them. Does nothing without V8's flag `--expose-gc`.
 */
function collectYoung(): void {
  (globalThis as { gc?: (options: { type: "minor" }) => void }).gc?.({ type: "minor" });
}

/** Fills `bytes`, whose length was announced: a large body is then in memory once. */
async function readInto(
  bytes: Buffer,
  read: () => Promise<Buffer | null>,
  progress: () => void,
): Promise<Buffer> {
  let size = 0;
  let collected = 0;
  while (size < bytes.length) {
    const next = await read();
    if (next === null) break;
    progress();
    next.copy(bytes, size);
    size += next.length;
    if (size - collected < COLLECT_AFTER) continue;
    collected = size;
    collectYoung();
  }
  return bytes.subarray(0, size);
}

async function readFrom(body: Body): Promise<Buffer | null> {
  try {
    return await body.read();
  } catch (cause) {
    throw new RequestBodyFailed("the request body ended before it was complete", { cause });
  }
}

/**
 * Frees the memory of a large body at once, which would otherwise wait for a collection. Nobody may use it afterwards.
 * What shares its memory with something else is left.
 */
export function discard(bytes: Buffer): void {
  const { buffer, byteLength } = bytes;
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (alone && byteLength > FREE_BYTES) buffer.transfer(0);
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
