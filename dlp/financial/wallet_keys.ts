import { validateMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { decodeBase58Check } from "./base58.ts";

const WORDS: ReadonlySet<string> = new Set(wordlist);

/** A private key in wallet import format (https://en.bitcoin.it/wiki/Wallet_import_format), its checksum right. */
export function isWif(text: string): boolean {
  const payload = decodeBase58Check(text);
  if (payload === undefined || (payload[0] !== 0x80 && payload[0] !== 0xef)) return false;
  return payload.length === 33 || (payload.length === 34 && payload[33] === 1);
}

/** A phrase of BIP-39 in English, its checksum right; the words separated by single spaces. */
export function isBip39(phrase: string): boolean {
  return phrase.split(" ").every((word) => WORDS.has(word)) && validateMnemonic(phrase, wordlist);
}
