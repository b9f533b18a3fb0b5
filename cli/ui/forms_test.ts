import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { width } from "../../screen/cells.ts";
import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import { type Form, isAnswered } from "./form.ts";
import { labelForm, type LabelState } from "./label_form.ts";
import { orderForm, orderState } from "./order_form.ts";
import { pickForm, pickState } from "./pick_form.ts";
import { textForm, textState } from "./text_form.ts";
import { yesForm, yesState } from "./yes_form.ts";

const SIZE = { columns: 80, rows: 24 };
const NAMES = ["base", "python", "web", "other"];
const CHOICES = NAMES.map((value) => ({ value }));

const NAMED =
  "up down pageup pagedown home end enter backspace clear tab backtab left right shift-up shift-down"
    .split(" ");

/** The state after these keys, or the answer; a text of no key's name stands for its letters. */
function typed<State extends object, Answer>(
  form: Form<State, Answer>,
  first: State,
  ...keys: readonly string[]
): { state: State; answer?: Answer; text: string } {
  let state = first;
  for (const key of keys.flatMap((each) => NAMED.includes(each) ? [each] : [...each])) {
    const step = form.press(state, key, SIZE);
    if (isAnswered<Answer>(step)) return { state, answer: step.answer, text: "" };
    state = step;
  }
  return { state, text: textOf(form.view(state, SIZE)) };
}

function textOf(lines: readonly ScreenLine[]): string {
  return lines.map(({ text }) => text.trimEnd()).join("\n");
}

const pick = (...keys: string[]) =>
  typed(pickForm, pickState({ title: "Which?", choices: CHOICES }), ...keys);

Deno.test("a picker takes what the cursor is on", () => {
  equal(pick("enter").answer, "base");
  equal(pick("down", "down", "enter").answer, "web");
  equal(pick("up", "enter").answer, "base");
  equal(pick("end", "down", "enter").answer, "other");
  const selected = pickState({ title: "Which?", choices: CHOICES, selected: "web" });
  equal(typed(pickForm, selected, "enter").answer, "web");
});

Deno.test("a picker is narrowed down by what is typed, and takes nothing where nothing matches", () => {
  equal(pick("the", "enter").answer, "other"); // before those whose letters are only in order
  equal(pick("pyt", "enter").answer, "python");
  const none = pick("zz", "enter");
  equal(none.answer, undefined);
  match(none.text, /Nothing matches "zz"; Ctrl-U clears the filter/);
  equal(pick("zz", "clear", "down", "enter").answer, "python");
  equal(pick("zz", "backspace", "backspace", "enter").answer, "base");
  match(pick("o").text, /2 of 4 match/);
});

Deno.test("a picker without choices says so and takes nothing", () => {
  const none = typed(
    pickForm,
    pickState({ title: "Which?", choices: [], empty: "None yet" }),
    "enter",
  );
  equal(none.answer, undefined);
  match(none.text, /None yet/);
});

const order = (chosen: string[], ...keys: string[]) =>
  typed(
    orderForm,
    orderState({ title: "Which?", choices: CHOICES, chosen, least: "One" }),
    ...keys,
  );

Deno.test("an ordered choice keeps the order in which it was made", () => {
  deepEqual(order(["web"], "enter").answer, ["web"]);
  deepEqual(order([], " ", "down", " ", "enter").answer, ["base", "python"]);
  deepEqual(order([], "down", " ", "up", " ", "enter").answer, ["python", "base"]);
  deepEqual(order(["web", "base"], " ", "enter").answer, ["base"]);
  match(order(["web", "base"]).text, /\[2\] base[^]*\[ \] python[^]*\[1\] web[^]*Order: web, base/);
});

Deno.test("a chosen one moves in the order, up to its ends", () => {
  deepEqual(order(["web", "base"], "home", "<", "enter").answer, ["base", "web"]);
  deepEqual(order(["web", "base"], "home", "<", "<", "enter").answer, ["base", "web"]);
  deepEqual(order(["web", "base"], ">", "enter").answer, ["base", "web"]);
  deepEqual(order(["web", "base", "other"], "shift-down", "shift-down", "enter").answer, [
    "base",
    "other",
    "web",
  ]);
  deepEqual(order(["web"], "home", "<", "enter").answer, ["web"]); // base is not chosen
});

Deno.test("an ordered choice is narrowed down without losing what was chosen", () => {
  deepEqual(order(["web"], "pyt", " ", "enter").answer, ["web", "python"]);
  match(order(["web"], "zz", " ").text, /Nothing matches/);
  deepEqual(order(["web"], "zz", " ", "enter").answer, ["web"]);
});

Deno.test("an ordered choice that needs one says so, and unknown or double values are no choice", () => {
  const none = order(["web"], " ", "enter");
  equal(none.answer, undefined);
  match(none.text, /One/);
  deepEqual(order(["gone", "web", "web"], "enter").answer, ["web"]);
});

Deno.test("a text is taken without the blanks around it, once nothing is wrong with it", () => {
  const state = textState({
    title: "Name?",
    initial: "a",
    hint: "Say one",
    check: (text) => text === "ab" ? undefined : `not ${text}`,
  });
  match(typed(textForm, state, "enter").text, /not a$/m);
  equal(typed(textForm, state, "enter", "b", " ", "enter").answer, "ab");
  ok(!typed(textForm, state, "enter", "x").text.includes("not a"));
});

Deno.test("yes and no are y and n; anything else is neither", () => {
  const state = yesState({
    title: "Go?",
    lines: Array.from({ length: 50 }, (_, n) => `line ${n}`),
  });
  equal(typed(yesForm, state, "y").answer, true);
  equal(typed(yesForm, state, "N").answer, false);
  const puzzled = typed(yesForm, state, "enter");
  match(puzzled.text, /Go\? \[y\/N\] {2}Press y or n/);
  match(typed(yesForm, state, "end").text, /line 49\n 31-50 of 50\n/);
  match(typed(yesForm, state, "end", "up").text, / 30-49 of 50, more below\n/);
  match(typed(yesForm, state, "pagedown", "pageup").text, /line 0\n[^]* 1-20 of 50, more below\n/);
});

const LABEL: LabelState = {
  agent: "dev",
  text: "",
  colour: undefined,
  check: (label) => label === "box" ? "A bottle named box exists" : undefined,
  problem: undefined,
};

Deno.test("a label has a colour, or none, and is shown in it", () => {
  deepEqual(typed(labelForm, LABEL, "enter").answer, { label: "", colour: undefined });
  deepEqual(typed(labelForm, LABEL, "a b ", "tab", "right", "enter").answer, {
    label: "a b",
    colour: "green",
  });
  deepEqual(typed(labelForm, LABEL, "backtab", "enter").answer?.colour, "magenta");
  const { state } = typed(labelForm, LABEL, "Fix it", "tab");
  ok(
    labelForm.view(state, SIZE).some(({ text, style }) =>
      text === " Fix it (dev)" && style === "red"
    ),
  );
});

Deno.test("a label that is taken is asked for again, with the reason", () => {
  const taken = typed(labelForm, LABEL, "box", "enter");
  match(taken.text, /A bottle named box exists/);
  deepEqual(typed(labelForm, taken.state, "2", "enter").answer?.label, "box2");
});

const keys: fc.Arbitrary<Key[]> = fc.array(
  fc.oneof(
    fc.constantFrom(...NAMED, " ", "<", ">", "y", "漢", "\u202e"),
    fc.string({ maxLength: 1 }),
  ),
);
const size = fc.record({
  columns: fc.integer({ min: 1, max: 120 }),
  rows: fc.integer({ min: 1, max: 60 }),
});
const texts = fc.array(
  fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\x1b[2J\x1b[31m", "漢字".repeat(30), "a\nb"),
  ),
  { maxLength: 30 },
);

/** After any keys a form fills its screen, line by line, and shows no control character. */
function fillsItsScreen<State extends object>(
  form: Form<State, unknown>,
  first: State,
  pressed: readonly Key[],
  at: { columns: number; rows: number },
): State {
  let state = first;
  for (const key of pressed.filter((each) => each !== "")) {
    const step = form.press(state, key, at);
    if (!isAnswered(step)) state = step;
    const lines = form.view(state, at);
    equal(lines.length, at.rows);
    for (const { text } of lines) {
      ok(width(text) <= at.columns, text);
      // deno-lint-ignore no-control-regex
      ok(!/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/.test(text), JSON.stringify(text));
    }
  }
  return state;
}

Deno.test("no key and no text breaks a form's screen", () => {
  fc.assert(
    fc.property(texts, keys, size, (values, pressed, at) => {
      const choices = [...new Set(values)].map((value, n) => ({ value, hint: values[n] ?? "" }));
      const picked = fillsItsScreen(pickForm, pickState({ title: "t\x1b", choices }), pressed, at);
      ok(picked.cursor === 0 || picked.cursor < picked.matches.length);
      const first = orderState({ title: "Which?", choices, chosen: values.slice(0, 3) });
      const ordered = fillsItsScreen(orderForm, first, pressed, at);
      equal(new Set(ordered.chosen).size, ordered.chosen.length);
      ok(ordered.chosen.every((value) => choices.some((choice) => choice.value === value)));
      ok(ordered.cursor === 0 || ordered.cursor < ordered.matches.length);
      const [title = "", hint = ""] = values;
      const text = textState({ title, hint, initial: hint, check: () => title });
      fillsItsScreen(textForm, text, pressed, at);
      const page = fillsItsScreen(yesForm, yesState({ title, lines: values }), pressed, at);
      ok(page.top >= 0);
      fillsItsScreen(labelForm, { ...LABEL, text: hint, check: () => title }, pressed, at);
    }),
    { numRuns: 60 },
  );
});
