import { Buffer } from "node:buffer";
import { pieceLooksBinary } from "../dlp/injection/text_sniff.ts";
import { MultiSearch } from "./multi_search.ts";
import { secretForms } from "./secret_forms.ts";
import { WrappedSearch } from "./wrapped_search.ts";

const MASK = 0x2a; // "*"
const EMPTY = Buffer.alloc(0);

/** Secrets shorter than this are looked for as they are: in another case they would match by accident. */
const ANY_CASE = 8;

/** What a set of secrets is looked for with. */
interface Searches {
  readonly longest: number;
  readonly anyCase: MultiSearch | undefined;
  readonly exact: MultiSearch | undefined;
  /** The secrets themselves. */
  readonly plain: MultiSearch | undefined;
  readonly wrapped: WrappedSearch;
  /** A secret of one byte is none worth having, yet it was given to be hidden. */
  readonly singleBytes: readonly number[];
}

function prepare(secrets: readonly string[]): Searches {
  const forms = secrets.map(secretForms);
  const all = forms.flatMap(({ all }) => all);
  const search = (some: readonly Buffer[], anyCase: boolean) =>
    some.length === 0 ? undefined : new MultiSearch(some, anyCase);
  const plain = secrets.map((secret) => Buffer.from(secret)).filter(({ length }) => length > 1);
  return {
    longest: Math.max(0, ...all.map(({ length }) => length)),
    anyCase: search(all.filter(({ length }) => length >= ANY_CASE), true),
    exact: search(all.filter(({ length }) => length > 1 && length < ANY_CASE), false),
    plain: search(plain, false),
    wrapped: new WrappedSearch(forms.flatMap(({ wrapped }) => wrapped)),
    singleBytes: all.filter(({ length }) => length === 1).map(([byte]) => byte!),
  };
}

/**
 * Every byte string that gives a set of secrets away, several hundred for each; made once, used for many streams.
 * Prepared when it is first asked, which takes some milliseconds for each secret.
 */
export class SecretSet {
  readonly #secrets: readonly string[];
  #prepared: Searches | undefined;

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  get #searches(): Searches {
    return this.#prepared ??= prepare(this.#secrets);
  }

  /** Bytes of the longest form. */
  get longest(): number {
    return this.#searches.longest;
  }

  /** Whether a text, such as the name of a header, holds a secret. */
  isIn(text: string): boolean {
    const { anyCase, exact, singleBytes } = this.#searches;
    const bytes = Buffer.from(text, "latin1");
    return anyCase?.isIn(bytes) === true || exact?.isIn(bytes) === true ||
      singleBytes.some((byte) => bytes.includes(byte));
  }

  /** A whole text, such as a header value, with every secret masked. */
  maskText(value: string): string {
    if (!this.isIn(value)) return value;
    return this.mask(Buffer.from(value, "latin1")).toString("latin1");
  }

  /** The bytes with every secret masked, byte for byte; the same buffer when there is none. */
  mask(bytes: Buffer): Buffer {
    const { anyCase, exact, wrapped, singleBytes } = this.#searches;
    let masked = bytes;
    const cover = (at: number, length: number) => {
      if (masked === bytes) masked = Buffer.from(bytes);
      masked.fill(MASK, at, at + length);
    };
    anyCase?.each(bytes, cover);
    exact?.each(bytes, cover);
    for (const byte of singleBytes) {
      for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) cover(at, 1);
    }
    if (!pieceLooksBinary(bytes)) wrapped.each(bytes, (at) => cover(at, 1));
    return masked;
  }

  /**
   * Length of the longest end of `bytes` that begins a secret, or a form of one with {@linkcode TELLING} bytes: there
   * are so many forms that any byte begins one.
   */
  partialLength(bytes: Buffer): number {
    const { longest, plain, anyCase, exact, wrapped } = this.#searches;
    const most = Math.max(0, longest - 1);
    return Math.max(
      plain?.partialLength(bytes, 1, most) ?? 0,
      anyCase?.partialLength(bytes, TELLING, most) ?? 0,
      exact?.partialLength(bytes, 1, most) ?? 0,
      wrapped.partialLength(bytes),
    );
  }
}

/** Bytes of a form of a secret after which it is held back. */
const TELLING = 4;

/**
 * Masks secrets in a stream of bytes, each with as many asterisks as it has bytes, so that lengths hold.
 *
 * Bytes are held back only while they could be the beginning of a secret, so an event stream flows without delay. Of a
 * secret in another form, divided by the pieces of the stream, the first three bytes can leave before it is recognised.
 */
export class SecretMask {
  readonly #secrets: SecretSet;
  /** The last bytes that left, as they came: a form can have begun in them. */
  #left: Buffer = EMPTY;
  /** What is held back, as it came: a secret that begins inside another one must still be recognised. */
  #held: Buffer = EMPTY;
  /** The same bytes with what is known to be secret masked. */
  #heldMasked: Buffer = EMPTY;

  constructor(secrets: SecretSet) {
    this.#secrets = secrets;
  }

  /** Takes bytes, gives those that can leave. */
  push(bytes: Buffer): Buffer {
    const edge = this.#secrets.longest * 2;
    if (bytes.length <= edge || this.#held.length > 0) {
      const raw = Buffer.concat([this.#left, this.#held, bytes]);
      const masked = this.#withEarlierMasks(this.#secrets.mask(raw));
      return this.#leave(raw, masked, this.#left.length);
    }
    // A large piece is not copied: what began before it ends near its beginning.
    const masked = this.#secrets.mask(bytes);
    if (this.#left.length === 0) return this.#leave(bytes, masked, 0);
    const start = Buffer.concat([this.#left, bytes.subarray(0, edge)]);
    const startMasked = this.#secrets.mask(start);
    if (startMasked === start) return this.#leave(bytes, masked, 0);
    const merged = Buffer.from(masked);
    for (let at = this.#left.length; at < start.length; at++) {
      if (startMasked[at] !== start[at]) merged[at - this.#left.length] = MASK;
    }
    return this.#leave(bytes, merged, 0);
  }

  /** Holds back what could begin a secret; of the rest, what has not left before. */
  #leave(raw: Buffer, masked: Buffer, before: number): Buffer {
    const leaving = Math.max(before, raw.length - this.#secrets.partialLength(raw));
    this.#left = Buffer.from(raw.subarray(Math.max(0, leaving - TELLING + 1), leaving));
    this.#held = leaving === raw.length ? EMPTY : Buffer.from(raw.subarray(leaving));
    this.#heldMasked = leaving === raw.length ? EMPTY : Buffer.from(masked.subarray(leaving));
    return masked.subarray(before, leaving);
  }

  /** What was masked with bytes that have left already stays so. */
  #withEarlierMasks(masked: Buffer): Buffer {
    if (this.#held.equals(this.#heldMasked)) return masked;
    const merged = Buffer.from(masked);
    for (const [at, byte] of this.#heldMasked.entries()) {
      if (byte !== this.#held[at]) merged[this.#left.length + at] = MASK;
    }
    return merged;
  }

  /** Whether bytes are held back. */
  get holding(): boolean {
    return this.#held.length > 0;
  }

  /** What was held back, at the end of the stream: it did not become a secret. */
  flush(): Buffer {
    const held = this.#heldMasked;
    this.#left = EMPTY;
    this.#held = EMPTY;
    this.#heldMasked = EMPTY;
    return held;
  }
}
