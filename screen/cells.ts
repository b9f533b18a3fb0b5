import { eastAsianWidth } from "get-east-asian-width";

const MARK = /^\p{M}$/u;

/** Cells of a terminal that one character takes: 0 for a mark on the one before, 2 for a wide one. */
function cellsOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  return MARK.test(character) ? 0 : eastAsianWidth(code);
}

/** Cells that a text takes, at most: terminals that join characters show it narrower. */
export function width(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellsOf(character);
  return cells;
}

/** As much of the beginning of a text as fits, with a mark at the end when something is left out. */
export function clip(text: string, cells: number): string {
  if (cells <= 0) return "";
  let used = 0;
  let kept = "";
  let fits = ""; // what is kept when a mark has to follow
  for (const character of text) {
    used += cellsOf(character);
    if (used > cells) return `${fits}…`;
    kept += character;
    if (used < cells) fits = kept;
  }
  return kept;
}

/** As much of the end of a text as fits: what is being typed stays in sight. */
export function clipStart(text: string, cells: number): string {
  const characters = [...text];
  let used = 0;
  let from = characters.length;
  while (from > 0) {
    used += cellsOf(characters[from - 1]!);
    if (used > cells) break;
    from--;
  }
  return characters.slice(from).join("");
}

/** The text in exactly this many cells. */
export function fit(text: string, cells: number): string {
  const clipped = clip(text, cells);
  return clipped + " ".repeat(Math.max(0, cells - width(clipped)));
}

/** The text in pieces that fit; nothing is left out. At least one piece. */
export function wrap(text: string, cells: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const character of text) {
    const more = cellsOf(character);
    if (used + more > cells && piece !== "") {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += character;
    used += more;
  }
  pieces.push(piece);
  return pieces;
}

/** Words in lines that fit; a word that is too long is broken. */
export function wrapWords(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (width(longer) <= cells) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = wrap(word, cells);
    line = pieces.pop()!;
    lines.push(...pieces);
  }
  lines.push(line);
  return lines;
}
