import { Buffer } from "node:buffer";
import type { Transform } from "node:stream";
import type zlib from "node:zlib";
import { field, type HeaderField, type HeaderList, listMembers } from "./header_list.ts";
import type { Body } from "./http1/body.ts";
import { HttpSyntaxError } from "./http1/syntax_error.ts";
import { SecretMask, type SecretSet } from "./secret_mask.ts";

/** Content codings that can be undone here. */
const DECODERS: Readonly<Record<string, (codec: typeof zlib) => Transform>> = {
  gzip: (codec) => codec.createGunzip(),
  "x-gzip": (codec) => codec.createGunzip(),
  deflate: (codec) => codec.createInflate(),
  br: (codec) => codec.createBrotliDecompress(),
  zstd: (codec) => codec.createZstdDecompress(),
};
const MAX_CODINGS = 2;

/**
 * Request headers for a route whose answers are scrubbed: only codings that can be undone, and no ranges, with
 * which a secret could be fetched in pieces too short to recognise.
 */
export function acceptScrubbable(headers: readonly HeaderField[]): HeaderField[] {
  return headers
    .filter(({ name }) =>
      name !== "range" && name !== "if-range" && name !== "available-dictionary"
    )
    .map((header) =>
      header.name === "accept-encoding" ? field(header.raw, acceptedCodings(header.value)) : header
    );
}

function acceptedCodings(value: string): string {
  const kept = value.split(",").map((coding) => coding.trim())
    .filter((coding) => Object.hasOwn(DECODERS, coding.split(";")[0]!.trim().toLowerCase()));
  return kept.length === 0 ? "identity" : kept.join(", ");
}

/**
 * An answer without the secrets that were added to its request, in headers and body. A coded body is decoded,
 * and stays so; without secrets nothing is touched.
 *
 * @throws HttpSyntaxError when the body is in a coding that cannot be undone: what cannot be read is not passed on.
 */
export async function scrubResponse(
  headers: HeaderList,
  body: Body,
  secrets: SecretSet | undefined,
): Promise<{ headers: HeaderList; body: Body }> {
  if (secrets === undefined) return { headers, body };
  const codings = listMembers(headers, "content-encoding").filter((coding) =>
    coding !== "identity"
  );
  const clean = headers
    .filter(({ raw, name }) => !secrets.isIn(raw) && !secrets.isIn(name)) // a name can carry a secret too
    .map((header) => ({ ...header, value: secrets.maskText(header.value) }));
  if (codings.length === 0 || body.done) {
    return { headers: clean, body: new MaskedBody(body, secrets) };
  }
  if (codings.length > MAX_CODINGS || codings.some((coding) => !Object.hasOwn(DECODERS, coding))) {
    throw new HttpSyntaxError("the answer is in a content coding that cannot be undone");
  }
  const codec = (await import("node:zlib")).default; // most answers need none: it costs the start nothing
  const decoded = codings.reverse().reduce<Body>(
    (inner, coding) => new DecodedBody(inner, DECODERS[coding]!(codec)),
    body,
  );
  return {
    headers: clean.filter(({ name }) =>
      name !== "content-encoding" && name !== "content-length" && name !== "digest" &&
      name !== "content-digest" && name !== "accept-ranges"
    ),
    body: new MaskedBody(decoded, secrets),
  };
}

class MaskedBody implements Body {
  readonly #inner: Body;
  readonly #mask: SecretMask;
  #flushed = false;

  constructor(inner: Body, secrets: SecretSet) {
    this.#inner = inner;
    this.#mask = new SecretMask(secrets);
  }

  get length(): number | null {
    return this.#inner.length;
  }

  get done(): boolean {
    return this.#inner.done && !this.#mask.holding;
  }

  async read(): Promise<Buffer | null> {
    for (;;) {
      const bytes = await this.#inner.read();
      if (bytes === null) {
        if (this.#flushed) return null;
        this.#flushed = true;
        const rest = this.#mask.flush();
        return rest.length === 0 ? null : rest;
      }
      const masked = this.#mask.push(bytes);
      if (masked.length > 0) return masked;
    }
  }
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
