import { clipStart, width } from "../../screen/cells.ts";
import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { safeLine } from "../../screen/safe_text.ts";
import type { Size } from "../../screen/size.ts";
import { typeInto } from "../../screen/type_into.ts";
import { type Choice, choiceText, nameColumn, type ShownChoice, shownChoice } from "./choice.ts";
import type { Answered, Form } from "./form.ts";
import { matching } from "./matching.ts";
import { line, panel, windowTop } from "./panel.ts";

/** One of several is chosen; what is typed narrows them down. */
export interface PickState {
  readonly title: string;
  readonly choices: readonly ShownChoice[];
  readonly filter: string;
  /** Indices of the choices that match, best first. */
  readonly matches: readonly number[];
  /** Index into `matches`; 0 when there is none. */
  readonly cursor: number;
  /** What is said when there is nothing to choose from at all. */
  readonly empty: string;
  /** What is said about the choice that was made. */
  readonly remark: ScreenLine | undefined;
}

/** A question for one of several. */
export interface PickQuestion {
  readonly title: string;
  readonly choices: readonly Choice[];
  /** The choice to begin at. */
  readonly selected?: string;
  /** What is said when there are no choices. */
  readonly empty?: string;
}

/** The question before the first key. */
export function pickState({ title, choices, selected, empty }: PickQuestion): PickState {
  const cursor = choices.findIndex(({ value }) => value === selected);
  return {
    title: safeLine(title),
    choices: choices.map(shownChoice),
    filter: "",
    matches: choices.map((_, index) => index),
    cursor: Math.max(0, cursor),
    empty: safeLine(empty ?? "There is nothing to choose from"),
    remark: undefined,
  };
}

/** Chooses one of several. */
export const pickForm: Form<PickState, string> = { view, press };

const HINTS = ["type to filter", "↑↓ move", "Enter choose", "Esc back", "Ctrl-C leave"];

function press(state: PickState, key: Key, size: Size): PickState | Answered<string> {
  const { choices, matches, cursor } = state;
  const unremarked = { ...state, remark: undefined };
  if (key === "enter") {
    const chosen = choices[matches[cursor] ?? -1];
    return chosen === undefined ? state : { answer: chosen.value };
  }
  const moved = moveCursor(cursor, matches.length, key, size);
  if (moved !== undefined) return { ...unremarked, cursor: moved };
  const filter = typeInto(state.filter, key, 100);
  if (filter === state.filter) return unremarked;
  return {
    ...unremarked,
    filter,
    matches: matching(choices.map(({ name }) => name), filter),
    cursor: 0,
  };
}

/** Where a key takes the cursor of a list; undefined when it is none of the moving keys. */
export function moveCursor(
  cursor: number,
  count: number,
  key: Key,
  { rows }: Size,
): number | undefined {
  const page = Math.max(1, rows - 6);
  const moves: Readonly<Record<string, number>> = {
    up: cursor - 1,
    down: cursor + 1,
    pageup: cursor - page,
    pagedown: cursor + page,
    home: 0,
    end: count - 1,
  };
  const to = Object.hasOwn(moves, key) ? moves[key] : undefined;
  return to === undefined ? undefined : Math.max(0, Math.min(to, count - 1));
}

function view(state: PickState, size: Size): ScreenLine[] {
  const { title, choices, matches, cursor } = state;
  const column = nameColumn(choices, size.columns);
  const status = state.remark === undefined ? filterStatus(state) : [state.remark];
  return panel(size, { title, status, hints: HINTS }, (rows) => {
    const room = rows - 1;
    const top = windowTop(cursor, matches.length, room);
    return [
      filterLine(state.filter, size),
      ...matches.slice(top, top + room).map((index, row) => {
        const text = choiceText(choices[index]!, column);
        return top + row === cursor ? line(`> ${text}`, "selected") : line(`  ${text}`);
      }),
    ];
  });
}

/** What is typed to narrow a list down. */
export function filterLine(filter: string, { columns }: Size): ScreenLine {
  const label = " Filter: ";
  const room = Math.max(4, columns - width(label) - 1);
  return filter === ""
    ? { text: `${label}▏`, style: "dim" }
    : { text: `${label}${clipStart(safeLine(filter), room)}▏`, style: "heading" };
}

/** How many of a list's choices match. */
export function filterStatus(
  { choices, matches, filter, empty }: Pick<PickState, "choices" | "matches" | "filter" | "empty">,
): ScreenLine[] {
  if (choices.length === 0) return [line(empty, "warning")];
  if (matches.length === 0) {
    return [line(`Nothing matches "${safeLine(filter)}"; Ctrl-U clears the filter`, "warning")];
  }
  return filter === ""
    ? []
    : [line(`${matches.length} of ${choices.length} match; Ctrl-U shows all`, "dim")];
}
