import { Buffer } from "node:buffer";
import type { SecretSet } from "./secret_mask.ts";

/** The beginning of a secret is masked at the end of a message from this many bytes on. */
const TELLING = 8;

/**
 * Masks secrets in messages, also over their borders. A whole message cannot be held back for what may follow:
 * of a secret that is sent in pieces, the first few bytes can pass, and what makes it recognisable does not.
 */
export class MessageMask {
  readonly #secrets: SecretSet;
  #tail: Buffer = Buffer.alloc(0);

  constructor(secrets: SecretSet) {
    this.#secrets = secrets;
  }

  /** The payload of the next message, as long as before. */
  mask(payload: Buffer): Buffer {
    const raw = Buffer.concat([this.#tail, payload]);
    const masked = Buffer.from(this.#secrets.mask(raw));
    const begun = this.#secrets.partialLength(raw);
    if (begun >= TELLING) masked.fill("*", masked.length - begun);
    const from = this.#tail.length;
    this.#tail = Buffer.from(raw.subarray(Math.max(0, raw.length - this.#secrets.longest + 1)));
    return masked.subarray(from);
  }
}
