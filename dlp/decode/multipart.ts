import type { View } from "../text/view.ts";

/** Parts of one body that are looked into. */
const MOST = 64;
const BLANK_LINE = "\r\n\r\n";

/** Where the contents of the parts of a multipart body begin and end (RFC 2046, section 5.1); none for another body. */
export function partContents({ text }: View): { start: number; end: number }[] {
  const first = /^--[^\r\n]{1,78}(?=\r\n)/.exec(text.slice(0, 82))?.[0];
  if (first === undefined) return [];
  const delimiter = `\r\n${first}`;
  const parts: { start: number; end: number }[] = [];
  for (let at = text.indexOf(BLANK_LINE); at >= 0 && parts.length < MOST;) {
    const next = text.indexOf(delimiter, at + 2);
    parts.push({ start: at + 4, end: next < 0 ? text.length : next });
    at = next < 0 ? -1 : text.indexOf(BLANK_LINE, next);
  }
  return parts;
}
