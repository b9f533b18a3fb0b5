import { clipStart, wrapWords } from "../../screen/cells.ts";
import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { safeLine } from "../../screen/safe_text.ts";
import type { Size } from "../../screen/size.ts";
import { typeInto } from "../../screen/type_into.ts";
import type { Answered, Form } from "./form.ts";
import { line, panel } from "./panel.ts";

/** A line of text is typed. */
export interface TextState {
  readonly title: string;
  readonly text: string;
  readonly hint: string;
  /** Why the text is not taken; undefined when it is. */
  readonly check: (text: string) => string | undefined;
  /** Why the text was not taken when Enter was pressed. */
  readonly problem: string | undefined;
}

/** A question for a line of text. */
export interface TextQuestion {
  readonly title: string;
  readonly initial?: string;
  readonly hint?: string;
  /** Gives the reason why a text is not taken. */
  readonly check?: (text: string) => string | undefined;
}

/** The question before the first key. */
export function textState({ title, initial, hint, check }: TextQuestion): TextState {
  return {
    title: safeLine(title),
    text: initial ?? "",
    hint: safeLine(hint ?? "", 2000),
    check: check ?? (() => undefined),
    problem: undefined,
  };
}

/** Asks for a line of text; blanks around it are dropped. */
export const textForm: Form<TextState, string> = { view, press };

const HINTS = ["Enter go on", "Ctrl-U clear", "Esc back", "Ctrl-C leave"];

function press(state: TextState, key: Key): TextState | Answered<string> {
  if (key === "enter") {
    const answer = state.text.trim();
    const problem = state.check(answer);
    return problem === undefined ? { answer } : { ...state, problem };
  }
  const text = typeInto(state.text, key);
  return text === state.text ? state : { ...state, text, problem: undefined };
}

function view({ title, text, hint, problem }: TextState, size: Size): ScreenLine[] {
  const status = problem === undefined ? [] : [line(safeLine(problem, 2000), "bad")];
  return panel(size, { title, status, hints: HINTS }, (rows) => {
    const said = hint === ""
      ? []
      : wrapWords(hint, size.columns - 2).map((piece) => line(` ${piece}`, "dim"));
    const field = typedLine(text, size);
    return rows > said.length + 2 ? [line(""), field, line(""), ...said] : [field, ...said];
  });
}

/** What is being typed, its end in sight. */
export function typedLine(text: string, { columns }: Size): ScreenLine {
  const shown = clipStart(safeLine(text, 4096), Math.max(1, columns - 4));
  // safeLine() takes the blank at the end away, where the cursor has moved on already.
  return line(` > ${shown}${/ $/.test(text) && shown !== "" ? " " : ""}▏`, "heading");
}
