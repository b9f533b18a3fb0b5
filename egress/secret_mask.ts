import { Buffer } from "node:buffer";
import { MultiSearch } from "./multi_search.ts";
import { secretVariants } from "./secret_variants.ts";

const MASK = 0x2a; // "*"
const EMPTY = Buffer.alloc(0);

/** Every byte string that gives a set of secrets away, prepared for searching; made once, used for many streams. */
export class SecretSet {
  readonly variants: readonly Buffer[];
  /** The variants as latin-1 text, for searching strings. */
  readonly texts: readonly string[];
  readonly #byFirstByte: ReadonlyMap<number, readonly Buffer[]>;
  readonly longest: number;
  readonly #search: MultiSearch;
  /** A secret of one byte is none worth having, yet it was given to be hidden. */
  readonly #singleBytes: readonly number[];

  constructor(secrets: readonly string[]) {
    this.variants = secrets.flatMap(secretVariants).sort((a, b) => b.length - a.length);
    this.texts = this.variants.map((variant) => variant.toString("latin1"));
    this.#byFirstByte = Map.groupBy(this.variants, (variant) => variant[0]!);
    this.longest = this.variants[0]?.length ?? 0;
    this.#search = new MultiSearch(this.variants.filter(({ length }) => length > 1));
    this.#singleBytes = this.variants.filter(({ length }) => length === 1).map(([byte]) => byte!);
  }

  /** Whether a text, such as the name of a header, holds a secret. */
  isIn(text: string): boolean {
    return this.texts.some((secret) => text.includes(secret));
  }

  /** A whole text, such as a header value, with every secret masked. */
  maskText(value: string): string {
    if (!this.isIn(value)) return value;
    return this.mask(Buffer.from(value, "latin1")).toString("latin1");
  }

  /** The bytes with every secret masked, byte for byte; the same buffer when there is none. */
  mask(bytes: Buffer): Buffer {
    let masked = bytes;
    const cover = (at: number, length: number) => {
      if (masked === bytes) masked = Buffer.from(bytes);
      masked.fill(MASK, at, at + length);
    };
    this.#search.each(bytes, cover);
    for (const byte of this.#singleBytes) {
      for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) cover(at, 1);
    }
    return masked;
  }

  /** Length of the longest end of `bytes` that begins a variant. */
  partialLength(bytes: Buffer): number {
    for (let at = Math.max(0, bytes.length - this.longest + 1); at < bytes.length; at++) {
      const candidates = this.#byFirstByte.get(bytes[at]!);
      if (candidates?.some((variant) => beginsAt(bytes, at, variant))) return bytes.length - at;
    }
    return 0;
  }
}

/** Whether `bytes` end, from `at` on, with a beginning of `variant` that is not all of it. */
function beginsAt(bytes: Buffer, at: number, variant: Buffer): boolean {
  const rest = bytes.length - at;
  if (variant.length <= rest) return false;
  for (let i = 1; i < rest; i++) if (bytes[at + i] !== variant[i]) return false;
  return true;
}

/**
 * Masks secrets in a stream of bytes, each with as many asterisks as it has bytes, so that lengths hold.
 *
 * Bytes are held back only while they could be the beginning of a secret, so an event stream flows without delay.
 */
export class SecretMask {
  readonly #secrets: SecretSet;
  /** What is held back, as it came: a secret that begins inside another one must still be recognised. */
  #held: Buffer = EMPTY;
  /** The same bytes with what is known to be secret masked. */
  #heldMasked: Buffer = EMPTY;

  constructor(secrets: SecretSet) {
    this.#secrets = secrets;
  }

  /** Takes bytes, gives those that can leave. */
  push(bytes: Buffer): Buffer {
    const raw = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const masked = this.#withEarlierMasks(this.#secrets.mask(raw));
    const leaving = raw.length - this.#secrets.partialLength(raw);
    this.#held = leaving === raw.length ? EMPTY : Buffer.from(raw.subarray(leaving));
    this.#heldMasked = leaving === raw.length ? EMPTY : Buffer.from(masked.subarray(leaving));
    return masked.subarray(0, leaving);
  }

  /** What was masked with bytes that have left already stays so. */
  #withEarlierMasks(masked: Buffer): Buffer {
    if (this.#held.equals(this.#heldMasked)) return masked;
    const merged = Buffer.from(masked);
    for (const [at, byte] of this.#heldMasked.entries()) {
      if (byte !== this.#held[at]) merged[at] = MASK;
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
    this.#held = EMPTY;
    this.#heldMasked = EMPTY;
    return held;
  }
}
