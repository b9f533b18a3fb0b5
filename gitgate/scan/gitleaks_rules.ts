import { Buffer } from "node:buffer";

const TITLE = 'title = "gitleaks config"';
/** A line of the rules: a table's head, a key, an item of a list, its end, a comment, or nothing. */
const TOML_LINE = /^(?:\[\[?[\w.]+\]\]?|[\w.]+ ?= ?.*|\s+\S.*|\]|#.*|)\s*$/;

/**
 * The rules that are built into a gitleaks program, without the exemptions for the whole configuration: no path,
 * value or word is left out of the search. Exemptions of single rules stay; they are part of what the rule means.
 *
 * Rules of our own would age; those of the installed program are the ones its maintainers vouch for. They lie in it
 * as one text (Go's `embed`).
 *
 * @param program the whole program file.
 * @returns undefined when there are none.
 */
export function builtInRules(program: Uint8Array): string | undefined {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.length);
  for (let at = bytes.indexOf(TITLE); at >= 0; at = bytes.indexOf(TITLE, at + 1)) {
    const text = textFrom(bytes, at);
    if (text.includes("\n[[rules]]\n")) return withoutGlobalExemptions(text);
  }
  return undefined;
}

/** The text that starts at `start`: up to the first byte or line that cannot be of it. */
function textFrom(bytes: Buffer, start: number): string {
  let end = start;
  for (; end < bytes.length; end++) {
    const byte = bytes[end]!;
    if (byte < 0x20 && byte !== 0x0a && byte !== 0x09) break;
  }
  const lines = bytes.toString("utf8", start, end).split("\n");
  const wrong = lines.findIndex((line) => !TOML_LINE.test(line));
  return `${lines.slice(0, wrong < 0 ? lines.length : wrong).join("\n")}\n`;
}

/** Drops the tables `[allowlist]` and `[[allowlists]]`, which hold for every rule. */
export function withoutGlobalExemptions(toml: string): string {
  const kept: string[] = [];
  let dropping = false;
  for (const line of toml.split("\n")) {
    const head = /^\[\[?([\w.]+)\]\]?\s*$/.exec(line);
    if (head !== null) dropping = head[1] === "allowlist" || head[1] === "allowlists";
    if (!dropping) kept.push(line);
  }
  return kept.join("\n");
}
