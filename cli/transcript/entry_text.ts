import { escaped, printable } from "../../core/printable.ts";
import type { TranscriptEntry } from "../../providers/transcript.ts";

/** Lines of a tool's result that are shown, and characters of each line of a tool. */
const MOST_LINES = 12;
const LONGEST = 400;

/** SGR codes that are put around a text (ECMA-48 section 8.3.117). */
type Style = (text: string) => string;

const PLAIN: Style = (text) => text;
const BOLD: Style = (text) => `\x1b[1m${text}\x1b[0m`;
const DIM: Style = (text) => `\x1b[2m${text}\x1b[0m`;

/** An entry for people: when and who, then what, indented; a call of a tool is one line, its result is clipped. */
export function entryText(entry: TranscriptEntry, colour: boolean): string {
  const { time, role, kind, text, tool } = entry;
  const [strong, weak] = colour ? [BOLD, DIM] : [PLAIN, PLAIN];
  const when = weak(clock(time));
  const name = oneLine(tool ?? "a tool");
  if (kind === "call") return `${when}  ${strong(name)} ${oneLine(text)}\n`;
  if (kind === "result") return `${when}  ${name} answered\n${clipped(text, weak)}`;
  const who = kind === "thinking" ? `${role} (thinking)` : role;
  return `${when}  ${strong(who)}\n${indented(lines(text), kind === "thinking" ? weak : PLAIN)}\n`;
}

/** An entry for scripts: one object a line, in which nothing can move a terminal's cursor. */
export function entryJson({ time, role, kind, text, tool }: TranscriptEntry): string {
  return `${
    escaped(JSON.stringify({ time: time ?? null, role, kind, text, tool: tool ?? null }))
  }\n`;
}

/** Date and time of day; a record that says something else is hostile or new. */
function clock(time: string | undefined): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(time ?? "");
  return found === null ? "-".padEnd(19) : `${found[1]} ${found[2]}`;
}

function lines(text: string): string[] {
  return printable(text.replaceAll("\r\n", "\n")).trimEnd().split("\n");
}

function indented(shown: readonly string[], style: Style): string {
  return shown.map((line) => line === "" ? "\n" : `  ${style(line)}\n`).join("");
}

function clipped(text: string, weak: Style): string {
  const all = lines(text);
  const shown = all.slice(0, MOST_LINES).map(shortened);
  const rest = all.length - shown.length;
  return indented(shown, weak) +
    (rest > 0 ? `  ${weak(`… ${rest} more ${rest === 1 ? "line" : "lines"}`)}\n` : "") + "\n";
}

function oneLine(text: string): string {
  return shortened(printable(text).replace(/\s+/g, " ").trim());
}

function shortened(line: string): string {
  const signs = [...line.slice(0, 2 * LONGEST + 2)];
  return signs.length <= LONGEST ? line : `${signs.slice(0, LONGEST).join("")}…`;
}
