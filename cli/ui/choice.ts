import { fit, width } from "../../screen/cells.ts";
import { safeLine } from "../../screen/safe_text.ts";

/** Something that can be chosen. */
export interface Choice {
  readonly value: string;
  /** What to know about it. */
  readonly hint?: string;
}

/** A choice as it is shown; texts are fit for a terminal. */
export interface ShownChoice {
  readonly value: string;
  readonly name: string;
  readonly hint: string;
}

/** A choice as it is shown. */
export function shownChoice({ value, hint }: Choice): ShownChoice {
  return { value, name: safeLine(value), hint: safeLine(hint ?? "") };
}

/** Cells of a column that these names stand in; half of the screen at most. */
export function nameColumn(choices: readonly ShownChoice[], columns: number): number {
  const widest = Math.max(0, ...choices.map(({ name }) => width(name)));
  return Math.min(widest, Math.floor(columns / 2));
}

/** A choice on one line: its name, and what to know about it where that has room. */
export function choiceText({ name, hint }: ShownChoice, column: number): string {
  return hint === "" ? name : `${fit(name, column)}  ${hint}`;
}
