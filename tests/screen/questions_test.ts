/** The screens of the questions that `start` and other commands ask, as they are drawn. */
import { equal, ok } from "node:assert/strict";
import { preflightPage } from "../../cli/start/preflight.ts";
import { type Form, isAnswered } from "../../cli/ui/form.ts";
import { labelForm, type LabelState } from "../../cli/ui/label_form.ts";
import { line } from "../../cli/ui/panel.ts";
import { orderForm, orderState } from "../../cli/ui/order_form.ts";
import { pickForm, pickState } from "../../cli/ui/pick_form.ts";
import { textForm, textState } from "../../cli/ui/text_form.ts";
import { yesForm, yesState } from "../../cli/ui/yes_form.ts";
import { width } from "../../screen/cells.ts";
import { linesLookLike } from "./snapshot.ts";

const SIZES = [{ columns: 40, rows: 10 }, { columns: 80, rows: 24 }, { columns: 200, rows: 60 }];
const HOSTILE = "\x1b[2J\x1b[31mred\x07 \u202edetrevni \u200b漢字";

/** The form after these keys looks as it is written down, at every size. */
function looksLike<State extends object>(
  form: Form<State, unknown>,
  first: State,
  keys: readonly string[],
  name: string,
): void {
  for (const size of SIZES) {
    let state = first;
    for (const key of keys) {
      const step = form.press(state, key, size);
      ok(!isAnswered(step), `${key} is no answer`);
      state = step;
    }
    const lines = form.view(state, size);
    equal(lines.length, size.rows);
    ok(lines.every(({ text }) => width(text) <= size.columns));
    linesLookLike(lines, `${name}_${size.columns}x${size.rows}`);
  }
}

const agents = pickState({
  title: "Which agent?",
  choices: [
    { value: "dev", hint: "home · claude · web" },
    { value: "reviewer", hint: "working directory · codex · base" },
    {
      value: "a-name-that-is-as-long-as-anybody-would-want-to-make-one-and-then-some",
      hint: "home",
    },
    ...Array.from(
      { length: 40 },
      (_, n) => ({ value: `agent-${n}`, hint: "home · command · base" }),
    ),
  ],
});

Deno.test("the picker of an agent shows its place, provider and bottle", () => {
  looksLike(pickForm, agents, [], "pick");
  looksLike(pickForm, agents, ["end"], "pick_end");
  looksLike(pickForm, agents, [..."ev"], "pick_filter");
  looksLike(pickForm, agents, [..."zebra"], "pick_no_match");
  const none = pickState({ title: "Which agent?", choices: [], empty: "There are no agents yet" });
  looksLike(pickForm, none, [], "pick_empty");
});

Deno.test("wide characters and hostile names stay in their lines", () => {
  const choices = [
    { value: HOSTILE, hint: HOSTILE },
    { value: "漢字かな交じり文".repeat(5), hint: "漢字".repeat(60) },
    { value: "two\nlines", hint: "two\r\nlines" },
    { value: "e\u0301\u0301\u0301\u0301\u0301\u0301", hint: "\t" },
  ];
  looksLike(pickForm, pickState({ title: HOSTILE, choices }), ["down"], "pick_hostile");
  looksLike(
    orderForm,
    orderState({ title: HOSTILE, choices, chosen: choices.map(({ value }) => value) }),
    [],
    "order_hostile",
  );
  looksLike(
    yesForm,
    yesState({ title: HOSTILE, lines: [HOSTILE, "漢字".repeat(80)] }),
    [],
    "yes_hostile",
  );
  looksLike(
    textForm,
    textState({ title: HOSTILE, initial: HOSTILE, hint: HOSTILE }),
    [],
    "text_hostile",
  );
});

const bottles = orderState({
  title: "Which bottles for dev? (a later one wins)",
  choices: [
    { value: "base" },
    { value: "python", hint: "base > python" },
    { value: "web", hint: "base > python > web" },
    { value: "broken", hint: "cannot be used: Unknown key egrss" },
    ...Array.from({ length: 30 }, (_, n) => ({ value: `bottle-${n}` })),
  ],
  chosen: ["web"],
  least: "Choose at least one with Space",
});

Deno.test("the bottles show their lineage, their order, and why they do not merge", () => {
  looksLike(orderForm, bottles, [], "order");
  looksLike(orderForm, bottles, ["home", " ", "<"], "order_two");
  looksLike(orderForm, bottles, [..."pyt"], "order_filter");
  looksLike(orderForm, bottles, [..."zebra"], "order_no_match");
  looksLike(orderForm, bottles, [" ", "enter"], "order_none");
  const remark = line(
    "Host api.example.com already has a route at /home/dev/.bot-bottle/bottles/web.md:5 " +
      "(/home/dev/.bot-bottle/bottles/other.md:4:13)",
    "bad",
  );
  looksLike(orderForm, { ...bottles, remark }, [], "order_refused");
});

const label: LabelState = {
  agent: "dev",
  text: "",
  colour: undefined,
  check: () => "A bottle named fix-the-parser exists; choose another label",
  problem: undefined,
};

Deno.test("a label is shown as it will be, and asked for again when it is taken", () => {
  looksLike(labelForm, label, [], "label");
  looksLike(labelForm, label, [..."Fix the parser", "tab", "tab"], "label_colour");
  looksLike(labelForm, label, [..."Fix the parser", "enter"], "label_taken");
  looksLike(labelForm, label, [..."漢字".repeat(30)], "label_wide");
});

Deno.test("a text shows what is wrong with it", () => {
  const text = textState({
    title: "Name of the agent",
    hint: "Lower-case letters, digits and hyphens; the file is called after it.",
    check: () => "A name begins with a letter",
  });
  looksLike(textForm, text, [], "text");
  looksLike(textForm, text, [..."9 lives", "enter"], "text_refused");
});

Deno.test("the preflight shows what an agent may do, all of it", () => {
  const page = yesState({
    title: "Start dev?",
    lines: preflightPage({
      agent: "dev",
      label: "Fix the parser",
      colour: "green",
      backend: "bubblewrap",
      toolchain: "claude 2.1.330, will be installed",
      workspace: "a copy of /home/dev/project",
      prompt: undefined,
      warnings: [
        "The route for api.example.com at web.md:5 is not used: provider claude brings its own",
      ],
      manifest: [
        "agent:",
        "  name: dev",
        `  description: ${HOSTILE}`,
        "bottles: [web]",
        "egress:",
        "  routes:",
        ...Array.from(
          { length: 60 },
          (_, n) => `    - host: service-${n}.with-a-long-name.for-a-narrow-terminal.example.com`,
        ),
      ],
    }),
  });
  looksLike(yesForm, page, [], "preflight");
  looksLike(yesForm, page, ["pagedown"], "preflight_page");
  looksLike(yesForm, page, ["end"], "preflight_end");
  looksLike(yesForm, page, ["enter"], "preflight_puzzled");
});

Deno.test("below 20x5 every question says so", () => {
  for (
    const size of [{ columns: 19, rows: 24 }, { columns: 80, rows: 4 }, { columns: 1, rows: 1 }]
  ) {
    const views = [
      pickForm.view(agents, size),
      orderForm.view(bottles, size),
      labelForm.view(label, size),
      yesForm.view(yesState({ title: "Go?" }), size),
      textForm.view(textState({ title: "Name?" }), size),
    ];
    for (const lines of views) {
      equal(lines.length, size.rows);
      ok(lines.every(({ text }) => width(text) <= Math.max(1, size.columns)));
    }
  }
  linesLookLike(pickForm.view(agents, { columns: 19, rows: 5 }), "pick_too_small_19x5");
});
