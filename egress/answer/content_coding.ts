import type { Buffer } from "node:buffer";
import type { Transform } from "node:stream";
import type zlib from "node:zlib";
import { field, type HeaderField, type HeaderList, listMembers } from "../header_list.ts";
import type { Body } from "../http1/body.ts";
import { HttpSyntaxError } from "../http1/syntax_error.ts";

type Codec = typeof zlib;

interface Coding {
  readonly decoder: (codec: Codec) => Transform;
  /** What a beginning of coded bytes decodes to. */
  readonly start: (codec: Codec, bytes: Uint8Array) => Uint8Array;
}

const GZIP: Coding = {
  decoder: (codec) => codec.createGunzip(),
  start: (codec, bytes) => codec.gunzipSync(bytes, { finishFlush: codec.constants.Z_SYNC_FLUSH }),
};

/** Content codings that can be undone (RFC 9110 section 8.4.1). */
const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: GZIP,
  "x-gzip": GZIP,
  deflate: {
    decoder: (codec) => codec.createInflate(),
    start: (codec, bytes) =>
      codec.inflateSync(bytes, { finishFlush: codec.constants.Z_SYNC_FLUSH }),
  },
  br: {
    decoder: (codec) => codec.createBrotliDecompress(),
    start: (codec, bytes) =>
      codec.brotliDecompressSync(bytes, {
        finishFlush: codec.constants.BROTLI_OPERATION_FLUSH,
      }),
  },
};
const MAX_CODINGS = 2;
/** Coded bytes that are enough to see what kind of content they hold. */
const START = 1_024;

/** The codings of an answer in the order they were applied, without those that change nothing. */
export function codingsOf(headers: HeaderList): string[] {
  return listMembers(headers, "content-encoding").filter((coding) => coding !== "identity");
}

/** Whether all of these can be undone. */
export function canDecode(codings: readonly string[]): boolean {
  return codings.length <= MAX_CODINGS && codings.every((coding) => Object.hasOwn(CODINGS, coding));
}

/**
 * A body without its codings.
 *
 * @throws HttpSyntaxError when one of them cannot be undone: what cannot be read is not passed on.
 */
export async function withoutCodings(body: Body, codings: readonly string[]): Promise<Body> {
  if (codings.length === 0) return body;
  if (!canDecode(codings)) {
    throw new HttpSyntaxError("the answer is in a content coding that cannot be undone");
  }
  const codec = await loadCodec();
  return codings.toReversed().reduce<Body>(
    (inner, coding) => new DecodedBody(inner, CODINGS[coding]!.decoder(codec)),
    body,
  );
}

/** What the first bytes of a coded body decode to; undefined when they cannot be decoded. */
export async function decodedStart(
  bytes: Uint8Array,
  codings: readonly string[],
): Promise<Uint8Array | undefined> {
  if (!canDecode(codings)) return undefined;
  const codec = await loadCodec();
  let decoded = bytes.subarray(0, START);
  try {
    for (const coding of codings.toReversed()) decoded = CODINGS[coding]!.start(codec, decoded);
    return decoded;
  } catch {
    return undefined;
  }
}

/** Most answers need none: it costs the start nothing. */
async function loadCodec(): Promise<Codec> {
  return (await import("node:zlib")).default;
}

/** Request headers for an answer that is read: only codings that can be undone. */
export function acceptReadable(headers: readonly HeaderField[]): HeaderField[] {
  // A part of coded bytes cannot be decoded, so a part is asked for as it is.
  const partial = headers.some(({ name }) => name === "range");
  return headers
    .filter(({ name }) => name !== "available-dictionary")
    .map((header) =>
      header.name === "accept-encoding"
        ? field(header.raw, partial ? "identity" : readableCodings(header.value))
        : header
    );
}

/**
 * Request headers for a route whose answers are scrubbed: only codings that can be undone, and no ranges, with
 * which a secret could be fetched in pieces too short to recognise.
 */
export function acceptScrubbable(headers: readonly HeaderField[]): HeaderField[] {
  return acceptReadable(headers.filter(({ name }) => name !== "range" && name !== "if-range"));
}

function readableCodings(value: string): string {
  const kept = value.split(",").map((coding) => coding.trim())
    .filter((coding) => Object.hasOwn(CODINGS, coding.split(";")[0]!.trim().toLowerCase()));
  return kept.length === 0 ? "identity" : kept.join(", ");
}

/** A body with one content coding undone, a chunk of input at a time: memory does not grow with the ratio. */
class DecodedBody implements Body {
  readonly length = null;
  readonly #inner: Body;
  readonly #decoder: Transform;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(inner: Body, decoder: Transform) {
    this.#inner = inner;
    this.#decoder = decoder;
    const wake = () => {
      this.#wake?.();
      this.#wake = undefined;
    };
    decoder.on("readable", wake);
    decoder.on("end", () => {
      this.#ended = true;
      wake();
    });
    decoder.on("error", (error: Error) => {
      this.#failure = error;
      wake();
    });
    this.#feed();
  }

  get done(): boolean {
    return this.#ended;
  }

  async #feed(): Promise<void> {
    try {
      for (let bytes = await this.#inner.read(); bytes !== null; bytes = await this.#inner.read()) {
        if (this.#failure !== undefined) return;
        if (!this.#decoder.write(bytes)) {
          await new Promise((resolve) => this.#decoder.once("drain", resolve));
        }
      }
      this.#decoder.end();
    } catch (error) {
      this.#decoder.destroy(error as Error);
    }
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      if (this.#failure !== undefined) {
        throw new HttpSyntaxError(`the answer cannot be decoded: ${this.#failure.message}`);
      }
      const bytes = this.#decoder.read() as Buffer | null;
      if (bytes !== null) return bytes;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
