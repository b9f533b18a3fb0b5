import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { safeLine } from "../../screen/safe_text.ts";
import type { Size } from "../../screen/size.ts";
import { typeInto } from "../../screen/type_into.ts";
import { type Choice, choiceText, nameColumn, type ShownChoice, shownChoice } from "./choice.ts";
import type { Answered, Form } from "./form.ts";
import { matching } from "./matching.ts";
import { line, panel, windowTop } from "./panel.ts";
import { filterLine, filterStatus, moveCursor } from "./pick_form.ts";

/** Several are chosen, in an order. */
export interface OrderState {
  readonly title: string;
  readonly choices: readonly ShownChoice[];
  /** Values in their order, none twice. */
  readonly chosen: readonly string[];
  readonly filter: string;
  /** Indices of the choices that match, best first. */
  readonly matches: readonly number[];
  /** Index into `matches`; 0 when there is none. */
  readonly cursor: number;
  readonly empty: string;
  /** Said when none is chosen, which is refused then; undefined where none may be chosen. */
  readonly least: string | undefined;
  /** What is said about the choice as it stands. */
  readonly remark: ScreenLine | undefined;
}

/** A question for several, in an order. */
export interface OrderQuestion {
  readonly title: string;
  readonly choices: readonly Choice[];
  /** Values that are chosen to begin with, in their order. */
  readonly chosen: readonly string[];
  /** What is said when there are no choices. */
  readonly empty?: string;
  /** Why at least one has to be chosen; none may be when it is left out. */
  readonly least?: string;
}

/** The question before the first key. */
export function orderState(question: OrderQuestion): OrderState {
  const { title, choices, empty, least } = question;
  const known = new Set(choices.map(({ value }) => value));
  const chosen = [...new Set(question.chosen)].filter((value) => known.has(value));
  return {
    title: safeLine(title),
    choices: choices.map(shownChoice),
    chosen,
    filter: "",
    matches: choices.map((_, index) => index),
    cursor: Math.max(0, choices.findIndex(({ value }) => value === chosen[0])),
    empty: safeLine(empty ?? "There is nothing to choose from"),
    least: least === undefined ? undefined : safeLine(least),
    remark: undefined,
  };
}

/** Chooses several in an order. */
export const orderForm: Form<OrderState, readonly string[]> = { view, press };

const HINTS = [
  "Space choose",
  "< > move in the order",
  "type to filter",
  "↑↓ move",
  "Enter go on",
  "Esc back",
  "Ctrl-C leave",
];

function press(
  state: OrderState,
  key: Key,
  size: Size,
): OrderState | Answered<readonly string[]> {
  const { choices, matches, cursor, chosen } = state;
  if (key === "enter") {
    if (chosen.length > 0 || state.least === undefined) return { answer: chosen };
    return choices.length === 0 ? state : { ...state, remark: line(state.least, "warning") };
  }
  const moved = moveCursor(cursor, matches.length, key, size);
  if (moved !== undefined) return { ...state, cursor: moved };
  const value = choices[matches[cursor] ?? -1]?.value;
  if (key === " ") return value === undefined ? state : changed(state, toggled(chosen, value));
  if (key === "<" || key === "shift-up") return changed(state, shifted(chosen, value, -1));
  if (key === ">" || key === "shift-down") return changed(state, shifted(chosen, value, 1));
  const filter = typeInto(state.filter, key, 100);
  if (filter === state.filter) return state;
  return {
    ...state,
    filter,
    matches: matching(choices.map(({ name }) => name), filter),
    cursor: 0,
  };
}

function changed(state: OrderState, chosen: readonly string[]): OrderState {
  return chosen === state.chosen ? state : { ...state, chosen, remark: undefined };
}

/** Without the value, or with it at the end. */
function toggled(chosen: readonly string[], value: string): readonly string[] {
  return chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value];
}

/** With the value one place earlier (-1) or later (1), where there is such a place. */
function shifted(
  chosen: readonly string[],
  value: string | undefined,
  by: -1 | 1,
): readonly string[] {
  const from = value === undefined ? -1 : chosen.indexOf(value);
  const to = from + by;
  const other = chosen[to];
  if (value === undefined || from < 0 || other === undefined) return chosen;
  return chosen.with(from, other).with(to, value);
}

function view(state: OrderState, size: Size): ScreenLine[] {
  const { title, choices, matches, cursor, chosen } = state;
  const column = nameColumn(choices, size.columns);
  const digits = String(choices.length).length;
  return panel(size, { title, status: statusOf(state), hints: HINTS }, (rows) => {
    const room = rows - 1;
    const top = windowTop(cursor, matches.length, room);
    return [
      filterLine(state.filter, size),
      ...matches.slice(top, top + room).map((index, row) => {
        const choice = choices[index]!;
        const place = chosen.indexOf(choice.value);
        const number = (place < 0 ? "" : String(place + 1)).padStart(digits);
        const text = `[${number}] ${choiceText(choice, column)}`;
        return top + row === cursor
          ? line(`> ${text}`, "selected")
          : line(`  ${text}`, place < 0 ? undefined : "heading");
      }),
    ];
  });
}

function statusOf(state: OrderState): ScreenLine[] {
  const names = state.chosen.map((value) =>
    state.choices.find((choice) => choice.value === value)?.name ?? ""
  );
  const order = names.length === 0 ? "None is chosen" : `Order: ${names.join(", ")}`;
  const filtered = filterStatus(state);
  return [
    ...(state.remark === undefined ? filtered : [state.remark]),
    ...(state.choices.length === 0 ? [] : [line(order)]),
  ];
}
