import type { HeaderField } from "../header_list.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

/** The head of an HTTP/1 request. */
export interface RequestHead {
  readonly method: string;
  /** The request-target as it was sent. */
  readonly target: string;
  readonly minor: 0 | 1;
  readonly headers: readonly HeaderField[];
}

/** The head of an HTTP/1 response. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: 0 | 1;
  readonly headers: readonly HeaderField[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// VCHAR only: no space, control or byte above 0x7e stands in a request-target (RFC 9112 section 3.2).
const TARGET = /^[\x21-\x7e]+$/;
// A CONNECT may spell a name in UTF-8; whether it is one is for the host parser to say.
const AUTHORITY = /^[\x21-\x7e\x80-\xff]+$/;
// deno-lint-ignore no-control-regex
const BAD_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Parses a request head (RFC 9112 section 3): `text` is the head in latin-1 with its line ends and without the
 * empty line.
 *
 * @throws HttpSyntaxError; code `unsupported_version` for a version other than 1.0 and 1.1.
 */
export function parseRequestHead(text: string): RequestHead {
  const lines = text.split("\r\n");
  const match = /^([^ ]+) ([^ ]+) HTTP\/(\d)\.(\d)$/.exec(lines[0]!);
  if (match === null) throw new HttpSyntaxError("the request line is not METHOD TARGET HTTP/1.1");
  const [, method, target, major, minor] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (!TOKEN.test(method)) throw new HttpSyntaxError("the method is not a token");
  if (!(method === "CONNECT" ? AUTHORITY : TARGET).test(target)) {
    throw new HttpSyntaxError("the request target holds a byte that no URL has");
  }
  if (major !== "1" || (minor !== "0" && minor !== "1")) {
    throw new HttpSyntaxError(`HTTP/${major}.${minor} is not spoken here`, "unsupported_version");
  }
  return { method, target, minor: minor === "1" ? 1 : 0, headers: parseFields(lines, 1) };
}

/**
 * Parses a response head (RFC 9112 section 4).
 *
 * @throws HttpSyntaxError
 */
export function parseResponseHead(text: string): ResponseHead {
  const lines = text.split("\r\n");
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(lines[0]!);
  if (match === null) throw new HttpSyntaxError("the status line is not HTTP/1.1 NNN REASON");
  return {
    status: Number(match[2]),
    reason: match[3] ?? "",
    minor: match[1] === "1" ? 1 : 0,
    headers: parseFields(lines, 1),
  };
}

/** Parses field lines from `first` on; an empty line ends them. */
export function parseFields(lines: readonly string[], first: number): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = first; i < lines.length; i++) {
    const line = lines[i]!;
    if (line === "") continue; // the piece after the last line end
    const colon = line.indexOf(":");
    const raw = line.slice(0, Math.max(0, colon));
    // Also refuses obs-fold (a line that starts with a space) and a space before the colon (section 5.1).
    if (!TOKEN.test(raw)) throw new HttpSyntaxError("a header line has no valid field name");
    const value = trimOws(line, colon + 1);
    if (BAD_VALUE.test(value)) {
      throw new HttpSyntaxError("a header value holds a control character");
    }
    fields.push({ name: raw.toLowerCase(), raw, value });
  }
  return fields;
}

/** `text` from `start` on without the spaces and tabs around it; by hand, since a pattern would backtrack over a long run inside. */
function trimOws(text: string, start: number): string {
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The bytes of a head, as latin-1 text. */
export function formatHead(startLine: string, headers: readonly HeaderField[]): string {
  let text = `${startLine}\r\n`;
  for (const { raw, value } of headers) text += `${raw}: ${value}\r\n`;
  return `${text}\r\n`;
}
