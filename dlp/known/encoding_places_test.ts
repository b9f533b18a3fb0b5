import { deepEqual, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { withoutContentCoding } from "../content_coding.ts";
import { buildScanner } from "../scanner.ts";

const SECRET = ["qz", "live", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("-");
const scanner = buildScanner({
  detectors: ["known_secrets"],
  secrets: [{ name: "API_TOKEN", value: SECRET }],
});

function finds(bytes: Uint8Array): boolean {
  return scanner.scan(bytes).matches.some(({ rule }) => rule === "API_TOKEN");
}

const codes = (text: string) => [...Buffer.from(text, "latin1")];
const each = (text: string, write: (code: number, index: number) => string) =>
  codes(text).map(write).join("");
const hex = (code: number) => code.toString(16).padStart(2, "0");
const b64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("base64");
const reversed = (text: string) => [...text].reverse().join("");
const shifted = (text: string, by: number) =>
  text.replace(/[a-z]/gi, (c) => {
    const base = c < "a" ? 65 : 97;
    return String.fromCharCode((c.charCodeAt(0) - base + by) % 26 + base);
  });

function base32(text: string): string {
  const bits = each(text, (code) => code.toString(2).padStart(8, "0"));
  return (bits.match(/.{1,5}/g) ?? []).map((five) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(five.padEnd(5, "0"), 2)]
  ).join("");
}

/** What an agent can make of a secret with a line of shell. */
const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (s) => s,
  "in capitals": (s) => s.toUpperCase(),
  "base64": b64,
  "base64 at offset 1": (s) => b64(`x${s}`),
  "base64 at offset 2": (s) => b64(`xx${s}z`),
  "base64url without padding": (s) => Buffer.from(`?>${s}?>`).toString("base64url"),
  "base64 twice": (s) => b64(b64(s)),
  "base64 three times": (s) => b64(b64(b64(s))),
  "reversed base64": (s) => reversed(b64(s)),
  "base32": base32,
  "base32 behind other bytes": (s) => base32(`ab${s}`),
  "hex": (s) => each(s, hex),
  "hex in capitals": (s) => each(s, hex).toUpperCase(),
  "hex with spaces": (s) => each(s, (code) => `${hex(code)} `).trim(),
  "hex twice": (s) => each(each(s, hex), hex),
  "percent": (s) => each(s, (code) => `%${hex(code)}`),
  "percent twice": (s) => each(s, (code) => `%25${hex(code)}`),
  "percent in part": (s) =>
    each(s, (code, index) => index % 3 === 0 ? `%${hex(code)}` : String.fromCharCode(code)),
  "%u escapes": (s) => each(s, (code) => `%u00${hex(code)}`),
  "\\x escapes": (s) => each(s, (code) => `\\x${hex(code)}`),
  "\\u escapes": (s) => each(s, (code) => `\\u00${hex(code)}`),
  "octal escapes": (s) => each(s, (code) => `\\${code.toString(8)}`),
  "HTML entities": (s) => each(s, (code) => `&#${code};`),
  "quoted-printable": (s) => each(s, (code) => `=${hex(code).toUpperCase()}`),
  "decimal list": (s) => codes(s).join(", "),
  "binary list": (s) => each(s, (code) => `${code.toString(2).padStart(8, "0")} `),
  "reversed": reversed,
  "rot13": (s) => shifted(s, 13),
  "letters shifted by 7": (s) => shifted(s, 7),
  "rot47": (s) => each(s, (code) => String.fromCharCode((code - 33 + 47) % 94 + 33)),
  "dots between": (s) => [...s].join("."),
  "spaces between": (s) => [...s].join(" "),
  "a word between": (s) => [...s].join(" dot "),
  "letters between": (s) => [...s].join("Zq"),
  "zero-width characters between": (s) => [...s].join("\u200b"),
  "full-width": (s) => each(s, (code) => String.fromCharCode(code + 0xfee0)),
  "combining marks": (s) => each(s, (code) => `${String.fromCharCode(code)}\u0301`),
  "tag characters": (s) => each(s, (code) => String.fromCodePoint(0xe0000 + code)),
  "braille": (s) => each(s, (code) => String.fromCharCode(0x2800 + code)),
  "invisible bits": (s) =>
    each(s, (code) => code.toString(2).padStart(8, "0")).replace(
      /[01]/g,
      (bit) => bit === "0" ? "\u200b" : "\u200c",
    ),
  "one-byte key": (s) => b64(Uint8Array.from(codes(s), (code) => code ^ 0xa7)),
  "gzip in base64": (s) => b64(gzipSync(s)),
  "deflate in base64": (s) => b64(deflateSync(s)),
  "raw deflate in base64": (s) => b64(deflateRawSync(s)),
  "zstd in base64": (s) => b64(zstdCompressSync(s)),
  "UTF-16 in base64": (s) => b64(Buffer.from(s, "utf16le")),
  "sha256": (s) => createHash("sha256").update(s).digest("hex"),
  "only a part": (s) => s.slice(9, 24),
};

/** Where it may stand. */
const PLACES: Readonly<Record<string, (encoded: string) => Uint8Array | string>> = {
  "alone": (encoded) => encoded,
  "inside JSON": (encoded) =>
    JSON.stringify({ id: 7, note: `see ${encoded} here`, tags: ["a", "b"] }),
  "inside a URL": (encoded) =>
    `/v1/items/17?since=2026-01-01&q=${
      /[^\x21-\x7e]|[&#+]/.test(encoded) ? encodeURIComponent(encoded) : encoded
    }&page=2`,
  "inside multipart": (encoded) =>
    `--b7\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${encoded}\r\n--b7--\r\n`,
  "inside JSON in Base64": (encoded) => b64(JSON.stringify({ role: "user", content: encoded })),
  "inside gzip": (encoded) => gzipSync(JSON.stringify({ content: encoded })),
};

for (const [encoding, encode] of Object.entries(ENCODINGS)) {
  Deno.test(`a known secret is found in every place: ${encoding}`, () => {
    const missed = Object.entries(PLACES).filter(([, put]) =>
      !finds(Buffer.from(put(encode(SECRET))))
    );
    deepEqual(missed.map(([place]) => place), []);
  });
}

Deno.test("in none of these forms and places another value is taken for the secret", () => {
  const other = ["ab", "test", "9Kw3Rt5YbN8mQz2P", "xJ6vGd4T"].join("-");
  for (const encode of Object.values(ENCODINGS)) {
    for (const put of Object.values(PLACES)) ok(!finds(Buffer.from(put(encode(other)))));
  }
});

const BINARY: Readonly<Record<string, Uint8Array>> = {
  "UTF-16 with a mark": Buffer.from(`\ufeff${SECRET}`, "utf16le"),
  "UTF-32": Buffer.concat(codes(SECRET).map((code) => Buffer.from([code, 0, 0, 0]))),
  "other binary bytes around it": Buffer.concat([Buffer.alloc(40, 0x93), Buffer.from(SECRET)]),
  "MessagePack": Buffer.concat([
    Buffer.from([0x81, 0xa1, 0x6b, 0xd9, SECRET.length]),
    Buffer.from(SECRET),
  ]),
  "length-prefixed fields of four bytes": Buffer.concat(
    (SECRET.match(/.{1,4}/g) ?? []).map((part) => Buffer.from(`\x0a\x04${part}`, "latin1")),
  ),
  "10 MiB in front": Buffer.concat([Buffer.alloc(10 * 1024 * 1024, "A"), Buffer.from(SECRET)]),
  "over the border of 64 KiB": Buffer.concat([Buffer.alloc(65_526, "A"), Buffer.from(SECRET)]),
};

for (const [name, bytes] of Object.entries(BINARY)) {
  Deno.test(`a known secret is found in bytes: ${name}`, () => ok(finds(bytes)));
}

const CODED: readonly [header: string, encode: (bytes: Uint8Array) => Uint8Array][] = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["gzip, br", (bytes) => brotliCompressSync(gzipSync(bytes))],
];

Deno.test("a known secret is found under every content coding", () => {
  for (const [header, encode] of CODED) {
    const body = encode(Buffer.from(JSON.stringify({ content: SECRET })));
    const read = withoutContentCoding(body, header, 1024 * 1024);
    ok("bytes" in read && finds(read.bytes), header);
  }
});
