import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { exactForms } from "./exact_forms.ts";

const SECRET = ["qz", "live", "7Qm2Zp9X/K4tR+8L", "dY3nHs6J"].join("-");

/** Whether one of the forms stands in `text`. */
function masks(value: string, text: string | Uint8Array): boolean {
  const bytes = Buffer.from(text);
  return exactForms(value).some((form) => bytes.includes(Buffer.from(form)));
}

const percent = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("");
const WRITTEN: Readonly<Record<string, (secret: string) => string | Uint8Array>> = {
  "as it is": (s) => s,
  "base64": (s) => Buffer.from(s).toString("base64"),
  "base64 at offset 1": (s) => Buffer.from(`x${s}yz`).toString("base64"),
  "base64 at offset 2": (s) => Buffer.from(`xx${s}yz`).toString("base64"),
  "base64url": (s) => Buffer.from(`user:${s}`).toString("base64url"),
  "percent": percent,
  "percent in capitals": (s) => percent(s).toUpperCase(),
  "percent where needed": encodeURIComponent,
  "percent twice": (s) => encodeURIComponent(percent(s)),
  "form": (s) => new URLSearchParams({ a: s }).toString(),
  "hex": (s) => Buffer.from(s).toString("hex"),
  "hex in capitals": (s) => Buffer.from(s).toString("hex").toUpperCase(),
  "hex with colons": (s) => Buffer.from(s).toString("hex").replace(/(..)(?=.)/g, "$1:"),
  "JSON": (s) => JSON.stringify({ s }),
  "JSON in JSON": (s) => JSON.stringify(JSON.stringify({ s })),
  "\\u escapes": (s) => [...s].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join(""),
  "HTML": (s) => [...s].map((c) => `&#${c.charCodeAt(0)};`).join(""),
  "UTF-16": (s) => Buffer.from(s, "utf16le"),
  "UTF-16 big-endian": (s) => Buffer.from(s, "utf16le").swap16(),
  "reversed": (s) => [...s].reverse().join(""),
  "sha256": (s) => createHash("sha256").update(s).digest("hex"),
  "small letters": (s) => s.toLowerCase(),
};

for (const [name, write] of Object.entries(WRITTEN)) {
  Deno.test(`exactForms() holds what a secret looks like: ${name}`, () => {
    ok(masks(SECRET, write(SECRET)));
    ok(!masks(SECRET, write("another-value-of-some-length-1234")), "and not another one");
  });
}

Deno.test("exactForms() has each form once, the longest first, and none of an empty value", () => {
  const forms = exactForms(SECRET);
  equal(new Set(forms.map((form) => Buffer.from(form).toString("hex"))).size, forms.length);
  deepEqual(
    forms.map(({ length }) => length),
    forms.map(({ length }) => length).sort((a, b) => b - a),
  );
  deepEqual(exactForms(""), []);
});

Deno.test("exactForms() of a short value has no form that harmless text holds by chance", () => {
  const short = exactForms("hunter2").map((form) => Buffer.from(form).toString());
  ok(short.includes("hunter2"));
  ok(short.every((form) => form === "hunter2" || form.length >= 8));
});

Deno.test("exactForms() of a JWT and of a URL also has the part that is secret", () => {
  const signature = createHash("sha256").update("a").digest("base64url");
  const head = Buffer.from('{"alg":"HS256"}').toString("base64url");
  ok(masks(`${head}.${head}.${signature}`, `only ${signature}`));
  ok(masks(`postgres://user:${signature}@db.example.com/main`, `pass=${signature}`));
});

Deno.test("exactForms() holds the base64 of any secret at any place of any text", () => {
  const text = fc.string({ unit: "grapheme", minLength: 8, maxLength: 60 });
  fc.assert(fc.property(text, fc.string(), fc.string(), (secret, before, after) => {
    fc.pre(Buffer.byteLength(secret) >= 9);
    const encoded = Buffer.from(before + secret + after).toString("base64");
    ok(masks(secret, encoded), encoded);
  }));
});
