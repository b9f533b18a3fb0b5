import { printable } from "../core/printable.ts";

/**
 * What {@linkcode printable} leaves and a terminal may still not show as a sign of its own: formats, characters
 * that are ignored by default (Unicode 16, section 5.21), halves of surrogates, and code points that nobody
 * assigned or only somebody did.
 */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Co}\p{Cn}]/gu;

/** More marks than this on one letter would run into the lines above and below. */
const STACKED = /(\p{M}{3})\p{M}+/gu;

/** Lines of a hostile text, each fit for a terminal: no escape, nothing invisible, tabs as blanks. */
export function safeLines(text: string): string[] {
  return printable(text).replaceAll("\t", "    ").replace(INVISIBLE, "\ufffd")
    .replace(STACKED, "$1\ufffd").split("\n");
}

/** A hostile text on one line; `limit` is in UTF-16 units. */
export function safeLine(text: string, limit = 400): string {
  return safeLines(text.slice(0, limit)).join(" ").trim();
}
