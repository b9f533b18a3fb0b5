/** Colours that a bottle's label can have. */
export type LabelColour = "red" | "green" | "yellow" | "blue" | "magenta";

/** How a part of the screen looks. */
export type Style =
  | "title"
  | "selected"
  | "dim"
  | "heading"
  | "added"
  | "removed"
  | "hunk"
  | "warning"
  | "good"
  | "bad"
  | LabelColour;

/** One line of the screen. */
export interface ScreenLine {
  readonly text: string;
  readonly style?: Style;
}

/** SGR parameters (ECMA-48 section 8.3.117). */
const COLOURED: Readonly<Record<Style, string>> = {
  title: "1;7",
  selected: "7",
  dim: "2",
  heading: "1",
  added: "32",
  removed: "31",
  hunk: "36",
  warning: "33",
  good: "32",
  bad: "1;31",
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  magenta: "35",
};
/** Without colour what has to be told apart still is: by its sign, or by weight. */
const PLAIN: Readonly<Partial<Record<Style, string>>> = {
  title: "1;7",
  selected: "7",
  heading: "1",
  bad: "1",
};

/**
 * Enters the other screen of the terminal: cursor hidden, no wrapping, so that a line stays a line; what is pasted is
 * marked, so that nobody's clipboard answers a question.
 */
export const ENTER_SCREEN = "\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[?7l\x1b[2J";
/** Leaves it again; whatever was there before is there again. */
export const LEAVE_SCREEN = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?2004l\x1b[?1049l";

/** The bytes that put these lines on the screen, held back until all of them are there (synchronized output). */
export function frame(lines: readonly ScreenLine[], colour: boolean): string {
  const drawn = lines.map(({ text, style }, row) => {
    const code = style === undefined ? undefined : (colour ? COLOURED : PLAIN)[style];
    const painted = code === undefined ? text : `\x1b[${code}m${text}\x1b[0m`;
    // The rest is erased before: at the last column it would take the last character along.
    return `\x1b[${row + 1};1H\x1b[K${painted}`;
  });
  return `\x1b[?2026h${drawn.join("")}\x1b[?2026l`;
}
