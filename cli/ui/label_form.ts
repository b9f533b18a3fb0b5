import { clipStart } from "../../screen/cells.ts";
import type { LabelColour, ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { safeLine } from "../../screen/safe_text.ts";
import type { Size } from "../../screen/size.ts";
import { typeInto } from "../../screen/type_into.ts";
import { LABEL_COLOURS } from "../label_colours.ts";
import type { Answered, Form } from "./form.ts";
import { line, panel } from "./panel.ts";
import { typedLine } from "./text_form.ts";

/** A label is typed, and a colour chosen for it. */
export interface LabelState {
  readonly agent: string;
  readonly text: string;
  readonly colour: LabelColour | undefined;
  /** Why a label cannot be taken; undefined when it can. */
  readonly check: (label: string) => string | undefined;
  /** Why the label was not taken when Enter was pressed. */
  readonly problem: string | undefined;
}

/** A label and its colour; an empty label is none. */
export interface ChosenLabel {
  readonly label: string;
  readonly colour: LabelColour | undefined;
}

/** Asks for a bottle's label and colour. */
export const labelForm: Form<LabelState, ChosenLabel> = { view, press };

const HINTS = ["type a label", "Tab colour", "Enter go on", "Esc back", "Ctrl-C leave"];

/** As many letters as anybody reads in a title. */
const LONGEST = 100;

const NONE_AND_COLOURS = [undefined, ...LABEL_COLOURS];

function press(state: LabelState, key: Key): LabelState | Answered<ChosenLabel> {
  const { text, colour, check } = state;
  if (key === "enter") {
    const label = text.trim();
    const problem = label === "" ? undefined : check(label);
    return problem === undefined ? { answer: { label, colour } } : { ...state, problem };
  }
  if (key === "tab" || key === "right" || key === "down") return turned(state, 1);
  if (key === "backtab" || key === "left" || key === "up") return turned(state, -1);
  const typed = typeInto(text, key, LONGEST);
  return typed === text ? state : { ...state, text: typed, problem: undefined };
}

function turned(state: LabelState, by: 1 | -1): LabelState {
  const count = NONE_AND_COLOURS.length;
  const at = (NONE_AND_COLOURS.indexOf(state.colour) + by + count) % count;
  return { ...state, colour: NONE_AND_COLOURS[at] };
}

function view(state: LabelState, size: Size): ScreenLine[] {
  const { agent, text, colour, problem } = state;
  const title = `Label and colour for ${agent}`;
  const status = problem === undefined ? [] : [line(safeLine(problem), "bad")];
  const field = typedLine(text, size);
  const empty = line(` > ▏ none: the name is ${agent} and five random characters`, "dim");
  const label = text.trim();
  const shown = label === "" ? agent : `${safeLine(label)} (${agent})`;
  const colours = NONE_AND_COLOURS.map((each) =>
    each === colour ? `[${each ?? "none"}]` : ` ${each ?? "none"} `
  ).join("");
  return panel(size, { title, status, hints: HINTS }, (rows) => {
    const lines = [
      text === "" ? empty : field,
      ...colourLines(colours, size),
      line(` ${clipStart(shown, size.columns - 2)}`, colour),
    ];
    return rows > 2 * lines.length
      ? [line(""), ...lines.flatMap((each) => [each, line("")])]
      : lines;
  });
}

/** The colours on one line where it has room, else only the one chosen. */
function colourLines(colours: string, { columns }: Size): ScreenLine[] {
  const all = ` Colour: ${colours}`;
  return [line(all.length <= columns ? all : ` Colour: ${/\[.*\]/.exec(colours)![0]}`)];
}
