import { Buffer } from "node:buffer";
import type { OutboundMessage } from "./detector.ts";

/** A line break as it is, percent-encoded once or more, or as UTF-8 that some parsers cut down to one (U+010D, U+010A). */
const BREAK =
  "(?:[\\r\\n\\u0085\\u2028\\u2029]|%(?:25){0,3}0[ad]|%(?:25){0,3}c4%(?:25){0,3}8[ad]|%u000[ad]|\\\\r\\\\n)";
const ANY_BREAK = new RegExp(BREAK, "i");
/** A break with what makes a header or a request of the rest: `name:` or a method. A break alone is ordinary text. */
const INJECTION = new RegExp(
  `${BREAK}{1,4}(?:[ \\t+]|%20)?(?:[A-Za-z][A-Za-z0-9-]{1,40}(?::|%3a)|(?:GET|POST|PUT|HEAD|DELETE|HTTP/)(?:[ +/]|%20))`,
  "i",
);

/**
 * Where a request carries header injection: undefined when nowhere. Literal control characters anywhere but in the
 * body, encoded breaks in path and header values, and in the query only what would make a header (text with line
 * breaks is ordinary there). Never the body.
 */
export function headerInjection(
  message: Pick<OutboundMessage, "host" | "path" | "query" | "headers">,
): string | undefined {
  if (ANY_BREAK.test(message.host)) return "host";
  if (ANY_BREAK.test(message.path)) return "path";
  if (/[\r\n\0]/.test(message.query) || INJECTION.test(message.query)) return "query";
  for (const { name, value } of message.headers) {
    if (/[\r\n\0:]/.test(name.replace(/^:/, ""))) return "header name";
    if (/[\r\n\0]/.test(value) || INJECTION.test(utf8(value))) return "headers";
  }
  return undefined;
}

/** Field values are bytes, one character each: a byte inside a letter is no line break. */
function utf8(value: string): string {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]*$/.test(value) ? value : Buffer.from(value, "latin1").toString("utf8");
}
