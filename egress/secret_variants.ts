import { Buffer } from "node:buffer";

/** Secrets shorter than this are looked for as they are only: their encodings would match by accident. */
const MIN_ENCODED = 8;

/**
 * The byte strings under which an upstream could echo a secret: as it is, base64 (both alphabets, at all three
 * alignments), both as they are and escaped for URLs, JSON and HTML, hex, percent-encoded, UTF-16 and reversed.
 */
export function secretVariants(secret: string): Buffer[] {
  const bytes = Buffer.from(secret, "utf8");
  const texts = new Set<string>([secret]);
  const variants: Buffer[] = [];
  if (bytes.length >= MIN_ENCODED) {
    for (const text of base64Cores(bytes)) {
      texts.add(text);
      texts.add(text.replaceAll("+", "-").replaceAll("/", "_"));
    }
    for (const text of [...texts]) for (const form of escapedForms(text)) texts.add(form);
    texts.add(bytes.toString("hex"));
    texts.add(bytes.toString("hex").toUpperCase());
    texts.add(everyByteEncoded(bytes));
    texts.add(everyByteEncoded(bytes).toLowerCase());
    texts.add([...secret].reverse().join(""));
    variants.push(Buffer.from(secret, "utf16le"), Buffer.from(secret, "utf16le").swap16());
  }
  for (const text of texts) variants.push(Buffer.from(text, "utf8"));
  return variants;
}

/** A text as it stands in a URL, in JSON and in HTML: base64 has characters that all of them escape. */
function escapedForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(text);
  return [
    url,
    url.replace(/%../g, (triplet) => triplet.toLowerCase()),
    encodeURIComponent(url), // a URL in a parameter of another
    json,
    json.replaceAll("/", "\\/"),
    json.replace(/[<>&=+/']/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`),
    text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character]!),
  ];
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The characters of base64 text that depend on the secret alone, for each of the three alignments. */
function base64Cores(secret: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), secret]).toString("base64").replace(/=+$/, "");
    const first = Math.ceil(shift * 8 / 6);
    const last = Math.floor((shift + secret.length) * 8 / 6);
    return text.slice(first, last);
  });
}

function everyByteEncoded(bytes: Buffer): string {
  return bytes.toString("hex").toUpperCase().replace(/../g, "%$&");
}
