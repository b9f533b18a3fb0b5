import { Buffer } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";

/** Ways to write a secret that one line of shell has, by name. */
export const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "base64": (secret) => base64(secret),
  "base64 after one byte": (secret) => base64(`a${secret}`),
  "base64 after two bytes": (secret) => base64(`ab${secret}b`),
  "base64 twice": (secret) => base64(base64(secret)),
  "base64url": (secret) => Buffer.from(`??${secret}`).toString("base64url"),
  "base32": (secret) => base32(Buffer.from(secret)),
  "hex": (secret) => Buffer.from(secret).toString("hex"),
  "upper-case hex": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "hex with dashes": (secret) => Buffer.from(secret).toString("hex").replace(/..(?=.)/g, "$&-"),
  "reversed": (secret) => [...secret].reverse().join(""),
  "rot13": (secret) =>
    secret.replace(/[a-z]/gi, (letter) => {
      const base = letter <= "Z" ? 65 : 97;
      return String.fromCharCode((letter.charCodeAt(0) - base + 13) % 26 + base);
    }),
  "dots between": (secret) => [...secret].join("."),
  "gzip in base64": (secret) => gzipSync(secret).toString("base64"),
  "deflate in base64": (secret) => deflateSync(secret).toString("base64"),
};

/** More ways, which need characters that not every place can carry. */
export const TEXT_ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  "percent": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "%$&"),
  "percent twice": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "%25$&"),
  "JSON escapes": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "\\u00$&"),
  "HTML entities": (secret) => Buffer.from(secret).toString("hex").replace(/../g, "&#x$&;"),
  "quoted-printable": (secret) =>
    Buffer.from(secret).toString("hex").toUpperCase().replace(/../g, "=$&"),
};

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** RFC 4648 section 6. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return bits.replace(/.{1,5}/g, (five) => letters[parseInt(five.padEnd(5, "0"), 2)]!);
}
