import type { View } from "../text/view.ts";

/** Parts of one body that are looked into. */
const MOST = 64;
const BLANK_LINE = "\r\n\r\n";

/** What may stand before the first part, in bytes: a preamble, which receivers pass over. */
const PREAMBLE = 4096;
const FIRST_LINE = /^--[^\r\n]{1,78}(?=\r\n)/;
/** After a preamble a line with two dashes may be anything: a header line must follow it. */
const LATER_LINE = /(?<=\n)--[^\r\n]{1,78}(?=\r\n(?:content-|\r\n))/i;

/** Where the first delimiter of a multipart body stands, and what it is; undefined for another body. */
export function firstDelimiter(text: string): { at: number; delimiter: string } | undefined {
  const head = text.slice(0, PREAMBLE);
  const found = FIRST_LINE.exec(head) ?? LATER_LINE.exec(head);
  return found === null ? undefined : { at: found.index, delimiter: found[0] };
}

/** Where the contents of the parts of a multipart body begin and end (RFC 2046, section 5.1); none for another body. */
export function partContents({ text }: View): { start: number; end: number }[] {
  const first = firstDelimiter(text);
  if (first === undefined) return [];
  const delimiter = `\r\n${first.delimiter}`;
  const parts: { start: number; end: number }[] = [];
  for (let at = text.indexOf(BLANK_LINE, first.at); at >= 0 && parts.length < MOST;) {
    const next = text.indexOf(delimiter, at + 2);
    parts.push({ start: at + 4, end: next < 0 ? text.length : next });
    at = next < 0 ? -1 : text.indexOf(BLANK_LINE, next);
  }
  return parts;
}
