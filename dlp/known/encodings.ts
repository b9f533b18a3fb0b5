import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** A form of a secret that one line of shell makes, and its name. */
export interface Form {
  readonly encoding: string;
  readonly text: string;
  /** Parts of it say nothing: only the whole counts. */
  readonly whole?: boolean;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Forms made of letters and digits for the most part: looked for without separators and case. */
export function* projectableForms(secret: string): Generator<Form> {
  const bytes = Buffer.from(secret, "utf8");
  const reversed = [...secret].reverse().join("");
  yield { encoding: "plain", text: secret };
  yield { encoding: "reversed", text: reversed };
  for (let shift = 1; shift < 26; shift++) {
    yield { encoding: shift === 13 ? "rot13" : "letters shifted", text: caesar(secret, shift) };
  }
  yield { encoding: "letters mirrored", text: atbash(secret) };
  const hex = bytes.toString("hex");
  yield { encoding: "hex", text: hex };
  yield { encoding: "reversed hex", text: [...hex].reverse().join("") };
  yield { encoding: "hex of the reversed", text: Buffer.from(reversed).toString("hex") };
  for (const text of base64Cores(bytes)) {
    yield { encoding: "base64", text };
    yield { encoding: "reversed base64", text: [...text].reverse().join("") };
  }
  for (const text of base64Cores(Buffer.from(reversed))) {
    yield { encoding: "base64 of the reversed", text };
  }
  for (const text of base32Cores(bytes, BASE32)) yield { encoding: "base32", text };
  for (const text of base32Cores(bytes, BASE32_HEX)) yield { encoding: "base32hex", text };
  const number = BigInt(`0x${hex || "0"}`);
  yield { encoding: "base58", text: radix58(number), whole: true };
  yield { encoding: "base36", text: number.toString(36), whole: true };
  yield { encoding: "decimal", text: number.toString(10), whole: true };
  for (const algorithm of ["md5", "sha1", "sha256", "sha512"]) {
    const digest = createHash(algorithm).update(bytes).digest();
    yield { encoding: algorithm, text: digest.toString("hex"), whole: true };
  }
}

/** Forms in which punctuation carries information: looked for as they stand. */
export function* punctuatedForms(secret: string): Generator<Form> {
  const bytes = Buffer.from(secret, "utf8");
  yield { encoding: "plain", text: secret };
  yield* asInJson("rot47", rot47(secret));
  for (const text of ascii85Cores(bytes)) yield* asInJson("ascii85", text);
  for (const line of uuencodeLines(bytes)) yield* asInJson("uuencode", line);
  yield { encoding: "utf-16", text: [...secret].join("\0") };
  yield { encoding: "utf-32", text: [...secret].join("\0\0\0") };
}

/** A form as it is, and as it stands in JSON when that differs. */
function* asInJson(encoding: string, text: string): Generator<Form> {
  yield { encoding, text };
  const inJson = JSON.stringify(text).slice(1, -1);
  if (inJson !== text) yield { encoding, text: inJson };
}

/** The characters of base64 that depend on the secret alone, at each of the three alignments. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "");
    return text.slice(Math.ceil(shift * 8 / 6), Math.floor((shift + bytes.length) * 8 / 6));
  });
}

function base32Cores(bytes: Buffer, alphabet: string): string[] {
  return [0, 1, 2, 3, 4].map((shift) => {
    let bits = "00000000".repeat(shift);
    for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
    const first = Math.ceil(shift * 8 / 5);
    const last = Math.floor(bits.length / 5);
    let text = "";
    for (let index = first; index < last; index++) {
      text += alphabet[parseInt(bits.slice(index * 5, index * 5 + 5), 2)]!;
    }
    return text;
  });
}

function caesar(text: string, shift: number): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode((letter.charCodeAt(0) - base + shift) % 26 + base);
  });
}

function atbash(text: string): string {
  return text.replace(
    /[a-z]/gi,
    (letter) => String.fromCharCode((letter <= "Z" ? 155 : 219) - letter.charCodeAt(0)),
  );
}

function rot47(text: string): string {
  return text.replace(
    /[!-~]/g,
    (character) => String.fromCharCode((character.charCodeAt(0) - 33 + 47) % 94 + 33),
  );
}

function radix58(number: bigint): string {
  let text = "";
  for (let rest = number; rest > 0n; rest /= 58n) text = BASE58[Number(rest % 58n)]! + text;
  return text;
}

/** Whole groups of ascii85 at each of the four alignments. */
function ascii85Cores(bytes: Buffer): string[] {
  return [0, 1, 2, 3].map((shift) => {
    let text = "";
    for (let at = shift; at + 4 <= bytes.length; at += 4) {
      let group = bytes.readUInt32BE(at);
      let digits = "";
      for (let index = 0; index < 5; index++) {
        digits = String.fromCharCode(group % 85 + 33) + digits;
        group = Math.floor(group / 85);
      }
      text += digits;
    }
    return text;
  });
}

/** Lines of uuencode without their length, whole groups only. */
function uuencodeLines(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let line = 0; line < bytes.length; line += 45) {
    let text = "";
    for (let at = line; at + 3 <= Math.min(line + 45, bytes.length); at += 3) {
      const group = bytes.readUIntBE(at, 3);
      for (const shift of [18, 12, 6, 0]) text += String.fromCharCode(((group >> shift) & 63) + 32);
    }
    lines.push(text);
  }
  return lines;
}
