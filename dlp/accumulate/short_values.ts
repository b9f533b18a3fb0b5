import { Buffer } from "node:buffer";
import type { Piece } from "./secret_accumulator.ts";

/** The parts of a request that values are taken from. */
export interface ValueSource {
  readonly host: string;
  readonly path: string;
  /** With or without its question mark; empty for none. */
  readonly query: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Decoded: without content codings. */
  readonly body: Uint8Array;
}

/** Longest value that is taken, in characters: whoever sends more at once is seen by the scan of the request. */
const LONGEST = 64;
/** Values of one request that are taken. */
const MOST = 2_000;
/** Largest body whose values are taken, in bytes. */
const LARGEST_BODY = 64 * 1024;
/** Longest name that tells one place from another, in characters. */
const SLOT = 80;

/**
 * The short values of a request in order, each with the place that carries it: labels of the
 * host and segments of the path by their number,
 * fields of the query, header and cookie values by name, and the values of a small JSON or form body or the whole of a
 * short text. What is Base64 or hex of text counts decoded as well.
 */
export function shortValues({ host, path, query, headers, body }: ValueSource): Piece[] {
  const pieces: Piece[] = [];
  const add = (slot: string, value: string) => {
    if (value === "" || value.length > LONGEST || pieces.length >= MOST) return;
    const plain = percentDecoded(value);
    pieces.push({ slot: slot.slice(0, SLOT), value: plain });
    const decoded = decodedText(plain);
    if (decoded !== undefined) {
      pieces.push({ slot: `${slot.slice(0, SLOT)} decoded`, value: decoded });
    }
  };
  host.split(".").forEach((label, index) => add(`host ${index}`, label));
  path.split("/").forEach((segment, index) => add(`path ${index}`, segment));
  for (const [name, value] of fields(query.replace(/^\?/, ""), /[&;]/)) add(`query ${name}`, value);
  for (const { name, value } of headers) {
    if (name.toLowerCase() !== "cookie") add(`header ${name.toLowerCase()}`, value);
    else for (const [cookie, content] of fields(value, /; ?/)) add(`cookie ${cookie}`, content);
  }
  if (body.length > 0 && body.length <= LARGEST_BODY) {
    for (const [name, value] of bodyValues(Buffer.from(body).toString("utf8"))) {
      add(`body ${name}`, value);
    }
  }
  return pieces;
}

function* fields(text: string, separator: RegExp): Generator<[name: string, value: string]> {
  for (const field of text.split(separator)) {
    const equals = field.indexOf("=");
    yield equals < 0 ? ["", field] : [field.slice(0, equals), field.slice(equals + 1)];
  }
}

function* bodyValues(text: string): Generator<[name: string, value: string]> {
  if (/^\s*[{["]/.test(text)) {
    try {
      yield* leaves(JSON.parse(text), "");
      return;
    } catch { /* not JSON after all */ }
  }
  if (/^[^=&\s]{1,80}=[^\s]*$/.test(text)) yield* fields(text, /&/);
  else if (text.length <= LONGEST) yield ["", text.trim()];
}

function* leaves(value: unknown, name: string): Generator<[name: string, value: string]> {
  if (typeof value === "string" || typeof value === "number") yield [name, String(value)];
  else if (Array.isArray(value)) { for (const item of value) yield* leaves(item, name); }
  else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, key);
  }
}

function percentDecoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The text that Base64 or hex stands for; undefined when it is neither, or of no text. */
function decodedText(value: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]{6,}={0,2}$/.test(value)) return undefined;
  const radix = /^(?:[0-9a-f]{2})+$/i.test(value) ? "hex" : "base64";
  const text = Buffer.from(value, radix).toString("latin1");
  return /^[\x20-\x7e]{4,}$/.test(text) ? text : undefined;
}
