import { Buffer } from "node:buffer";
import { projectableForms, punctuatedForms } from "./encodings.ts";
import { projectableParts } from "./secret.ts";

/** Bytes that a written form other than the value itself needs: a shorter one stands in harmless text by chance. */
const SHORTEST_FORM = 8;

/**
 * Every byte string that the known-secret detector takes for the whole of `value`: as it is, escaped, in each radix
 * and at each alignment, wide, reversed, rotated, its digests. For masking: what one of them covers says nothing any more.
 *
 * Forms with arbitrary separators, and parts of a value, are not strings and so not among them. Of a structured value
 * (a JWT, a URL with a password) the secret part alone has its forms too.
 *
 * @returns each form once, longest first; none for an empty value.
 */
export function exactForms(value: string): readonly Uint8Array[] {
  if (value === "") return [];
  const forms = new Map<string, Uint8Array>();
  const add = (bytes: Uint8Array, least: number) => {
    if (bytes.length >= least) forms.set(Buffer.from(bytes).toString("latin1"), bytes);
  };
  for (const part of new Set([value, ...projectableParts(value)])) {
    const plain = Buffer.from(part, "utf8");
    add(plain, 1);
    for (const { text } of projectableForms(part)) {
      for (const cased of [text, text.toLowerCase(), text.toUpperCase()]) {
        add(Buffer.from(cased, "utf8"), SHORTEST_FORM);
      }
      // The URL-safe alphabet of base64; other forms have neither character or lose nothing by the change.
      add(Buffer.from(text.replaceAll("+", "-").replaceAll("/", "_"), "utf8"), SHORTEST_FORM);
    }
    for (const { text } of punctuatedForms(part)) add(Buffer.from(text, "latin1"), SHORTEST_FORM);
    for (const text of writtenForms(part)) add(Buffer.from(text, "utf8"), SHORTEST_FORM);
    add(Buffer.from(part, "utf16le").swap16(), SHORTEST_FORM);
  }
  return [...forms.values()].sort((a, b) => b.length - a.length);
}

/** `value` byte by byte, as URLs, JSON, HTML, mail and programs write it. */
function* writtenForms(value: string): Generator<string> {
  const bytes = [...Buffer.from(value, "utf8")];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const all = (prefix: string, suffix = "", between = "") =>
    hex.map((digits) => `${prefix}${digits}${suffix}`).join(between);
  const inJson = JSON.stringify(value).slice(1, -1);
  const once = [encodeURIComponent(value), formEncoded(value), all("%")];
  const written = [
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    inJson.replaceAll("/", "\\/"),
    inHtml(value),
    ...once,
    ...once.map((text) => encodeURIComponent(text)),
    percentOfLiterals(value),
    all("\\x"),
    all("\\u00"),
    all("&#x", ";"),
    all("="),
    all("", "", ":"),
    all("", "", " "),
    all("0x", "", ", "),
    all("0x", "", ","),
    bytes.map((byte) => `&#${byte};`).join(""),
    bytes.map((byte) => `\\${byte.toString(8)}`).join(""),
    bytes.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
    ...[" ", ",", ", "].map((between) => bytes.join(between)),
    ...[" ", ""].map((between) =>
      bytes.map((byte) => byte.toString(2).padStart(8, "0")).join(between)
    ),
  ];
  for (const text of written) {
    yield text;
    // Digits of an escape may be capitals; its letters before them must not be.
    yield text.replace(
      /(?<=%(?:25)*|\\x|\\u00|&#x|=|0x|\b)[0-9a-f]{2}/g,
      (digits) => digits.toUpperCase(),
    );
  }
}

/** application/x-www-form-urlencoded (https://url.spec.whatwg.org/#urlencoded-serializing). */
function formEncoded(value: string): string {
  return new URLSearchParams([["", value]]).toString().slice(1);
}

function percentOfLiterals(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*~._-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function inHtml(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
