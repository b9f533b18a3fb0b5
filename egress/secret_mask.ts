import { Buffer } from "node:buffer";
import { secretVariants } from "./secret_variants.ts";

const MASK = 0x2a; // "*"

/**
 * Masks secrets in a stream of bytes, each with as many asterisks as it has bytes, so that lengths hold.
 *
 * Bytes are held back only while they could be the beginning of a secret, so an event stream flows without delay.
 */
export class SecretMask {
  readonly #variants: readonly Buffer[];
  readonly #longest: number;
  #held: Buffer = Buffer.alloc(0);

  constructor(secrets: readonly string[]) {
    this.#variants = secrets.flatMap(secretVariants).sort((a, b) => b.length - a.length);
    this.#longest = this.#variants[0]?.length ?? 0;
  }

  /** Takes bytes, gives those that can leave. */
  push(bytes: Buffer): Buffer {
    const joined = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const masked = this.#mask(joined);
    const keep = this.#partialLength(masked);
    this.#held = Buffer.from(masked.subarray(masked.length - keep));
    return masked.subarray(0, masked.length - keep);
  }

  /** What was held back, at the end of the stream: it did not become a secret. */
  flush(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }

  /** Masks a whole text, such as a header value. */
  text(value: string): string {
    const bytes = Buffer.from(value, "latin1");
    return this.#mask(bytes).toString("latin1");
  }

  #mask(bytes: Buffer): Buffer {
    let masked = bytes;
    for (const variant of this.#variants) {
      for (
        let at = masked.indexOf(variant);
        at >= 0;
        at = masked.indexOf(variant, at + variant.length)
      ) {
        if (masked === bytes) masked = Buffer.from(bytes);
        masked.fill(MASK, at, at + variant.length);
      }
    }
    return masked;
  }

  /** Length of the longest end of `bytes` that begins a variant. */
  #partialLength(bytes: Buffer): number {
    const from = Math.max(0, bytes.length - this.#longest + 1);
    for (let at = from; at < bytes.length; at++) {
      const end = bytes.subarray(at);
      for (const variant of this.#variants) {
        if (
          variant.length > end.length && variant[0] === end[0] &&
          end.equals(variant.subarray(0, end.length))
        ) {
          return end.length;
        }
      }
    }
    return 0;
  }
}
