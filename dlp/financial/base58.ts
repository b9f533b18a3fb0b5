import { createHash } from "node:crypto";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Decodes Base58 (Bitcoin's alphabet); undefined for other characters. Quadratic: for short texts only. */
export function decodeBase58(text: string): Uint8Array | undefined {
  if (text.length > 128) return undefined;
  let number = 0n;
  let zeros = 0;
  let leading = true;
  for (const char of text) {
    const digit = ALPHABET.indexOf(char);
    if (digit < 0) return undefined;
    if (leading && digit === 0) zeros++;
    else leading = false;
    number = number * 58n + BigInt(digit);
  }
  const bytes: number[] = [];
  for (; number > 0n; number >>= 8n) bytes.unshift(Number(number & 0xffn));
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes]);
}

/** The payload of Base58Check: the last four bytes are the start of a double SHA-256; undefined when they are not. */
export function decodeBase58Check(text: string): Uint8Array | undefined {
  const bytes = decodeBase58(text);
  if (bytes === undefined || bytes.length < 5) return undefined;
  const payload = bytes.subarray(0, -4);
  const digest = sha256(sha256(payload));
  return bytes.subarray(-4).every((byte, index) => byte === digest[index]) ? payload : undefined;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
