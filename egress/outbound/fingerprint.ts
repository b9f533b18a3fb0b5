import { createHmac, randomBytes } from "node:crypto";

/** A key that nobody else has: hashes made with it say nothing to whoever reads them. */
export function fingerprintKey(): Uint8Array {
  return randomBytes(32);
}

/** The keyed hash (HMAC-SHA-256, base64url) by which equal values are recognised without being kept. */
export function fingerprinter(key: Uint8Array): (value: Uint8Array) => string {
  return (value) => createHmac("sha256", key).update(value).digest("base64url");
}
