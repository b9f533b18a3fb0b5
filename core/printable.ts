// Manifests of the working directory come with a repository, so their text may carry terminal escapes
// and bidirectional controls (CVE-2021-42574) that would change what an operator sees.
const UNPRINTABLE = new RegExp(
  "[" + "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f" +
    "\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff" + "]",
  "g",
);

/** `text` with every control, bidirectional and zero-width character (but tab and newline) shown as one U+FFFD. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

/** The same for what stands in one line, such as the path of a file: newlines are not kept either. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, "\ufffd");
}

/** A text of JSON with the same characters escaped, as JSON does: it means what it meant. */
export function escaped(json: string): string {
  return json.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
