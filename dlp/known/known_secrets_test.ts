import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { buildScanner } from "../scanner.ts";
import { strengthOf } from "./known_secrets.ts";

const SECRET = ["qz", "live", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("-");
const scanner = buildScanner({ secrets: [{ name: "API_TOKEN", value: SECRET }] });

function finds(text: string | Uint8Array): boolean {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return scanner.scan(bytes).matches.some(({ rule }) => rule === "API_TOKEN");
}

const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const b64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("base64");
const each = (text: string, write: (code: number) => string) =>
  [...text].map((character) => write(character.charCodeAt(0))).join("");
const rot13 = (text: string) =>
  text.replace(
    /[a-z]/gi,
    (c) => String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() < "n" ? 13 : -13)),
  );

const ENCODINGS: Readonly<Record<string, (secret: string) => string | Uint8Array>> = {
  "as it is": (s) => s,
  "percent": percent,
  "percent twice": (s) => percent(percent(s)),
  "percent in part": (s) => percent(s.slice(0, 9)) + s.slice(9),
  "base64": b64,
  "base64 at offset 1": (s) => b64(`x${s}yz`),
  "base64 at offset 2": (s) => b64(`xx${s}yz`),
  "base64url": (s) => Buffer.from(`{"a":"${s}"}`).toString("base64url"),
  "base64 of base64": (s) => b64(b64(`k=${s}`)),
  "base64 folded": (s) => b64(s).replace(/(.{4})/g, "$1 "),
  "gzip in base64": (s) => b64(gzipSync(s)),
  "deflate in base64": (s) => b64(deflateSync(s)),
  "zstd in base64": (s) => b64(zstdCompressSync(s)),
  "gzip": (s) => gzipSync(`{"v":"${s}"}`),
  "hex": (s) => Buffer.from(s).toString("hex"),
  "hex in capitals": (s) => Buffer.from(s).toString("hex").toUpperCase(),
  "hex with colons": (s) => Buffer.from(s).toString("hex").replace(/(..)(?=.)/g, "$1:"),
  "hex list": (s) => each(s, (code) => `0x${code.toString(16)}, `),
  "decimal list": (s) => each(s, (code) => `${code} `),
  "\\u escapes": (s) => each(s, (code) => `\\u${code.toString(16).padStart(4, "0")}`),
  "\\x escapes": (s) => each(s, (code) => `\\x${code.toString(16)}`),
  "octal escapes": (s) => each(s, (code) => `\\${code.toString(8)}`),
  "HTML entities": (s) => each(s, (code) => `&#${code};`),
  "HTML hex entities": (s) => each(s, (code) => `&#x${code.toString(16)};`),
  "quoted-printable": (s) => each(s, (code) => `=${code.toString(16).toUpperCase()}`),
  "reversed": (s) => [...s].reverse().join(""),
  "rot13": rot13,
  "case swapped": (s) =>
    s.replace(/[a-z]/gi, (c) => c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()),
  "separators": (s) => [...s].join(" . "),
  "UTF-16": (s) => Buffer.from(s, "utf16le"),
  "JSON values": (s) => JSON.stringify({ a: s.slice(0, 9), b: s.slice(9, 17), c: s.slice(17) }),
  "JSON array": (s) => JSON.stringify([...s]),
  "query values": (s) => `?a=${s.slice(0, 9)}&b=${s.slice(9, 18)}&c=${s.slice(18)}`,
  "CDATA": (s) => `<k><![CDATA[${s.slice(0, 12)}]]><![CDATA[${s.slice(12)}]]></k>`,
  "a part of 12 characters": (s) => s.replace(/[^A-Za-z0-9]/g, "").slice(6, 18),
  "full-width": (s) => each(s, (code) => String.fromCharCode(code + 0xfee0)),
  "sha256": (s) => createHash("sha256").update(s).digest("hex"),
  "emoji bytes": (s) => each(s, (code) => String.fromCodePoint(0x1f300 + code)),
};

for (const [name, encode] of Object.entries(ENCODINGS)) {
  Deno.test(`a known secret is found: ${name}`, () => {
    const encoded = encode(SECRET);
    const around = typeof encoded === "string" ? `lead in ${encoded} and more` : encoded;
    ok(finds(encoded), "alone");
    ok(finds(around), "in a text");
    // The second time, too: nothing is kept between scans.
    ok(finds(around), "again");
  });
}

Deno.test("a known secret is found at any place of random text", () => {
  fc.assert(
    fc.property(fc.base64String({ maxLength: 200 }), fc.string({ maxLength: 200 }), (a, b) => {
      ok(finds(`${a}\n${SECRET}${b}`));
    }),
  );
});

Deno.test("text that only looks like parts of a secret is not reported", () => {
  const google = `${"1234567890"}-${"abcdefghij"}.apps.googleusercontent.com`;
  const unlucky = buildScanner({ secrets: [{ name: "ID", value: google }] });
  const chat = JSON.stringify({
    messages: [{ role: "user", content: "com" }, { role: "user", content: [] }],
  });
  deepEqual(unlucky.scan(new TextEncoder().encode(chat)).matches, []);
});

Deno.test("of a JWT only the signature counts, of a URL only its password", () => {
  const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = `${segment({ alg: "HS256", typ: "JWT" })}.${segment({ sub: "1" })}`;
  const signature = createHash("sha256").update("a").digest("base64url");
  const known = buildScanner({
    detectors: ["known_secrets"],
    secrets: [
      { name: "JWT", value: `${head}.${signature}` },
      { name: "URL", value: `postgres://user:${signature}X9@db.example.com/main` },
    ],
  });
  const rules = (text: string) =>
    known.scan(new TextEncoder().encode(text)).matches.map(({ rule }) => rule).sort();
  deepEqual(rules(`${head}.somethingelse`), []);
  deepEqual(rules("postgres://user@db.example.com/main"), []);
  ok(rules(signature.slice(0, 30)).includes("JWT"));
});

Deno.test("strengthOf() names secrets that only an exact search can guard", () => {
  equal(strengthOf({ name: "A", value: SECRET }).strength, "strong");
  equal(strengthOf({ name: "A", value: "hunter2" }).strength, "weak");
  equal(strengthOf({ name: "A", value: "a1a1a1a1a1a1a1a1a1" }).strength, "weak");
  equal(strengthOf({ name: "A", value: "ab" }).strength, "empty");
});

Deno.test("a weak secret is found exactly, and only exactly", () => {
  const weak = buildScanner({ secrets: [{ name: "PIN", value: "hunter2!" }] });
  const rules = (text: string) =>
    weak.scan(new TextEncoder().encode(text)).matches.map(({ rule }) => rule);
  deepEqual(rules("the word is hunter2!"), ["PIN"]);
  deepEqual(rules("h-u-n-t-e-r-2-!"), []);
});

Deno.test("a canary is reported as an exfiltration, and no match quotes the value", () => {
  const canary = buildScanner({
    secrets: [{ name: "FALCON_LEDGER_SECRET", value: SECRET, canary: true }],
  });
  const { matches } = canary.scan(new TextEncoder().encode(`x ${SECRET} x`));
  equal(matches[0]?.detector, "canary");
  deepEqual([matches[0]?.start, matches[0]?.end], [2, 2 + SECRET.length]);
  ok(!JSON.stringify(matches).includes(SECRET.slice(10, 22)));
});
