import { Buffer } from "node:buffer";
import { exactForms } from "../dlp/known/exact_forms.ts";

/** Forms of a secret that can be looked for. */
export interface SecretForms {
  /** Byte strings under which an upstream could echo it, longest first. */
  readonly all: readonly Buffer[];
  /** Those of letters and digits for the most part, which mail and shell tools break into lines. */
  readonly wrapped: readonly Buffer[];
}

/** Characters that a form needs to be recognised without its first ones, over a line break. */
const SHORTEST_WRAPPED = 20;

/** Everything that the known-secret detector takes for the value, also escaped for URLs, JSON and HTML. */
export function secretForms(secret: string): SecretForms {
  const forms = new Map<string, Buffer>();
  const add = (bytes: Buffer) => forms.set(bytes.toString("latin1"), bytes);
  const exact = exactForms(secret).map((form) => Buffer.from(form));
  for (const form of exact) {
    add(form);
    const text = form.toString("utf8");
    if (form.length < 8 || !/^[\x20-\x7e]+$/.test(text)) continue;
    for (const escaped of escapedForms(text)) add(Buffer.from(escaped));
  }
  return {
    all: [...forms.values()].sort((a, b) => b.length - a.length),
    wrapped: exact.filter((form) =>
      form.length >= SHORTEST_WRAPPED && /^[\w+/-]+$/.test(form.toString("latin1"))
    ),
  };
}

/** A text as it stands in a URL, in JSON and in HTML: base64 has characters that all of them escape. */
function escapedForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(text);
  return [
    url,
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
