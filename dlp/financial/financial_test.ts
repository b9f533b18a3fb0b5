import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { entropyToMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";
import { buildScanner } from "../scanner.ts";
import { decodeBase58 } from "./base58.ts";
import { isIban } from "./iban.ts";
import { keccak256 } from "./keccak.ts";
import { cardBrand, isLuhn } from "./payment_card.ts";
import { isBip39, isWif } from "./wallet_keys.ts";
import { walletOf } from "./wallet_address.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

function base58Check(payload: Uint8Array): string {
  const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const bytes = Buffer.concat([payload, sha(sha(payload)).subarray(0, 4)]);
  let number = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)]! + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

/** A number with a right check digit that begins with `prefix`. */
function card(prefix: string, length: number): string {
  const body = (prefix + "4029318756302948").slice(0, length - 1);
  return [..."0123456789"].map((digit) => body + digit).find(isLuhn)!;
}

Deno.test("cardBrand() knows ranges, lengths and the check digit", () => {
  const cases: [string, number, string | undefined][] = [
    ["4", 16, "Visa"],
    ["55", 16, "Mastercard"],
    ["2221", 16, "Mastercard"],
    ["37", 15, "American Express"],
    ["6011", 16, "Discover"],
    ["3528", 16, "JCB"],
    ["4", 15, undefined],
    ["90", 16, undefined],
  ];
  for (const [prefix, length, brand] of cases) {
    equal(cardBrand(card(prefix, length)), brand, prefix);
  }
  const right = card("4", 16);
  const wrong = right.slice(0, -1) + (Number(right.at(-1)) + 1) % 10;
  equal(cardBrand(wrong), undefined);
});

Deno.test("isIban() checks country, length and remainder", () => {
  // The example of the standard, put together here.
  const iban = ["GB82", "WEST", "1234", "5698", "7654", "32"].join("");
  ok(isIban(iban));
  ok(!isIban(iban.replace("82", "83")));
  ok(!isIban(`${iban}0`));
  ok(!isIban(iban.replace("GB", "QQ")));
});

Deno.test("isWif() and isBip39() accept a right checksum only", () => {
  const key = createHash("sha256").update("example").digest();
  const wif = base58Check(Buffer.concat([Buffer.from([0x80]), key, Buffer.from([1])]));
  ok(isWif(wif));
  ok(!isWif(wif.slice(0, -1) + (wif.endsWith("a") ? "b" : "a")));
  const phrase = entropyToMnemonic(key.subarray(0, 16), wordlist);
  ok(isBip39(phrase));
  ok(!isBip39(phrase.split(" ").reverse().join(" ")) || !isBip39(phrase.replace(/^\S+/, "zoo")));
});

Deno.test("a wallet's phrase and key are found in a text by the default detectors", () => {
  const seed = createHash("sha256").update("another example").digest();
  const phrase = entropyToMnemonic(seed, wordlist);
  const wif = base58Check(Buffer.concat([Buffer.from([0x80]), seed, Buffer.from([1])]));
  const rules = (text: string) =>
    buildScanner().scan(new TextEncoder().encode(text)).matches.map(({ rule }) => rule);
  deepEqual(rules(`My words:\n${phrase}\nKeep them.`), ["bip39-phrase"]);
  deepEqual(rules(`import ${wif} now`), ["wallet-import-format"]);
  deepEqual(
    rules("the quick brown fox jumps over the lazy dog and then some more words follow here"),
    [],
  );
});

Deno.test("walletOf() checks addresses of each kind", () => {
  const hash = createHash("sha256").update("x").digest().subarray(0, 20);
  const address = base58Check(Buffer.concat([Buffer.from([0]), hash]));
  equal(walletOf(address), "Bitcoin");
  equal(walletOf(address.slice(0, -1) + (address.endsWith("2") ? "3" : "2")), undefined);
  const lower = hash.toString("hex");
  equal(walletOf(`0x${lower}`), undefined);
});

Deno.test("keccak256() of nothing is the published value", () => {
  ok(
    Buffer.from(keccak256(new Uint8Array())).toString("hex").startsWith(
      "c5d2460186f7233c927e7db2dcc703c0",
    ),
  );
});

Deno.test("decodeBase58() reads what base58Check wrote", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (payload) => {
    deepEqual([...decodeBase58(base58Check(payload))!.subarray(0, -4)], [...payload]);
  }));
});

Deno.test("financial and entropy are silent unless asked for", () => {
  const text = new TextEncoder().encode(`card ${card("4", 16)}`);
  deepEqual(buildScanner().scan(text).matches, []);
  equal(buildScanner({ detectors: ["financial"] }).scan(text).matches[0]?.rule, "payment-card");
});

Deno.test("entropy hints at windows of many different characters", () => {
  const many = Array.from({ length: 90 }, (_, index) => String.fromCharCode(0x21 + index)).join("");
  const scan = (text: string) =>
    buildScanner({ detectors: ["entropy"] }).scan(new TextEncoder().encode(text));
  equal(scan(many).matches[0]?.severity, "warn");
  deepEqual(
    scan("ordinary text with ordinary words in it, again and again ".repeat(20)).matches,
    [],
  );
});
