import { createHash } from "node:crypto";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { decodeBase58Check } from "./base58.ts";

const WORDS: ReadonlyMap<string, number> = new Map(wordlist.map((word, index) => [word, index]));

/** A private key in wallet import format (https://en.bitcoin.it/wiki/Wallet_import_format), its checksum right. */
export function isWif(text: string): boolean {
  const payload = decodeBase58Check(text);
  if (payload === undefined || (payload[0] !== 0x80 && payload[0] !== 0xef)) return false;
  return payload.length === 33 || (payload.length === 34 && payload[33] === 1);
}

/** Whether a word is of BIP-39's English list. */
export function isSeedWord(word: string): boolean {
  return WORDS.has(word);
}

/**
 * A phrase of BIP-39 in English, its checksum right: eleven bits per word, of which the last one in 33 are the first
 * of the SHA-256 of the others.
 */
export function isBip39(phrase: string): boolean {
  const words = phrase.split(" ");
  if (words.length % 3 !== 0 || words.length < 12 || words.length > 24) return false;
  let bits = "";
  for (const word of words) {
    const index = WORDS.get(word);
    if (index === undefined) return false;
    bits += index.toString(2).padStart(11, "0");
  }
  const length = bits.length * 32 / 33;
  const entropy = Uint8Array.from(
    { length: length / 8 },
    (_, index) => parseInt(bits.slice(index * 8, index * 8 + 8), 2),
  );
  const first = createHash("sha256").update(entropy).digest()[0]!;
  return first.toString(2).padStart(8, "0").startsWith(bits.slice(length));
}
