import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { width } from "../../screen/cells.ts";
import type { ChosenAgent } from "../agent_start.ts";
import { firstWizard, type StartFacts } from "./first_wizard.ts";
import { questionsOf } from "./start_questions.ts";
import type {
  Looked,
  OpenedAgent,
  WizardAnswers,
  WizardCommand,
  WizardEvent,
  WizardState,
} from "./wizard.ts";
import { reduce } from "./wizard_reduce.ts";
import { view } from "./wizard_view.ts";

/** What no question looks into. */
const CHOSEN = {} as ChosenAgent;

const BOTTLES = [
  { value: "base" },
  { value: "python", hint: "base > python" },
  { value: "web", hint: "base > python > web" },
  { value: "other" },
];

const AGENTS: Readonly<Record<string, OpenedAgent>> = {
  dev: { name: "dev", own: "web", bottles: BOTTLES },
  reviewer: { name: "reviewer", own: "base", bottles: BOTTLES },
  lost: { name: "lost", own: undefined, bottles: BOTTLES },
  single: { name: "single", own: "base", bottles: BOTTLES.slice(0, 1) },
};

/** `web` and `other` have the same host. */
function lookedAt(agent: string, bottles: readonly string[]): Looked {
  const refused = bottles.includes("web") && bottles.includes("other");
  const none = bottles.length === 0 && AGENTS[agent]?.own === undefined;
  const error = refused
    ? new Error("/other.md:4:13: Host api.example.com already has a route\n  4 | host")
    : none
    ? new Error("Agent lost has no bottle")
    : undefined;
  return {
    agent,
    bottles,
    result: error !== undefined ? { error } : {
      chosen: CHOSEN,
      warnings: bottles.includes("python") ? ["a route is not used"] : [],
      toolchain: "claude 1.2.3, will be installed",
      manifest: [`agent: ${agent}`, `bottles: [${bottles.join(", ")}]`],
    },
  };
}

/** What the surroundings answer to a command. */
function answerTo(command: WizardCommand, state: WizardState): WizardEvent | undefined {
  if (command.do === "look") {
    return { type: "looked", looked: lookedAt(command.agent, command.bottles) };
  }
  if (command.do !== "open") return undefined;
  const opened = AGENTS[command.agent];
  if (opened === undefined) {
    return { type: "unusable", error: new Error("/bad.md:2:1: Unknown key bottel") };
  }
  return { type: "opened", opened, looked: lookedAt(command.agent, state.given.bottles) };
}

function first(more: Partial<StartFacts> = {}): WizardState {
  return firstWizard({
    given: { bottles: [], backend: "bubblewrap", workspace: "empty", prompt: undefined },
    questions: ["agent", "bottles", "label", "preflight"],
    agents: ["bad", ...Object.keys(AGENTS)],
    label: "",
    colour: undefined,
    checkLabel: (label) => label === "box" ? "A bottle named box exists" : undefined,
    ...more,
  });
}

const NAMED = new Set(
  "up down pageup pagedown home end enter escape backspace interrupt tab clear".split(" "),
);

/** The wizard after these keys, with what its surroundings answered, and how it ended. */
function after(
  start: WizardState,
  ...keys: readonly string[]
): { state: WizardState; text: string; ended: WizardCommand | undefined; answers?: WizardAnswers } {
  let state = start;
  for (const key of keys.flatMap((each) => NAMED.has(each) ? [each] : [...each])) {
    const ended = tell({ type: "key", key });
    if (ended?.do === "finish") return { state, text: "", ended, answers: ended.answers };
    if (ended !== undefined) return { state, text: "", ended };
  }
  const text = view(state).map((each) => each.text.trimEnd()).join("\n");
  return { state, text, ended: undefined };

  function tell(event: WizardEvent): WizardCommand | undefined {
    const step = reduce(state, event);
    state = step.state;
    for (const command of step.commands) {
      const answer = answerTo(command, state);
      if (answer === undefined) return command;
      const ended = tell(answer);
      if (ended !== undefined) return ended;
    }
    return undefined;
  }
}

/** The wizard with an agent that was named. */
function opened(agent: string, more: Partial<StartFacts> = {}): WizardState {
  const state = first({ questions: ["bottles", "label", "preflight"], ...more });
  const event = answerTo({ do: "open", agent }, state);
  ok(event !== undefined);
  return reduce(state, event).state;
}

Deno.test("an agent that was named starts as it is with Enter, Enter, y", () => {
  const { answers } = after(opened("dev"), "enter", "enter", "y");
  deepEqual(answers && { ...answers, shown: undefined }, {
    agent: "dev",
    bottles: [],
    label: "",
    colour: undefined,
    shown: undefined,
  });
});

Deno.test("where there is nothing to choose the bottles are not asked for", () => {
  equal(opened("single").at, "label");
  equal(after(opened("single"), "enter", "y").answers?.agent, "single");
  equal(after(opened("single"), "escape").ended?.do, "leave");
});

Deno.test("every question is asked in turn, and what was answered is what starts", () => {
  const agent = after(first());
  match(agent.text, /Which agent\?[^]*> bad\n {2}dev/);
  const bottles = after(agent.state, "rev", "enter");
  match(
    bottles.text,
    /Which bottles for reviewer\?[^]*> \[1\] base[^]*\[ \] web +base > python > web/,
  );
  const label = after(bottles.state, "down", " ", "enter");
  match(label.text, /Label and colour for reviewer/);
  const preflight = after(label.state, "Fix it", "tab", "enter");
  match(preflight.text, /name +Fix it \(reviewer\)\n[^]*claude 1\.2\.3, will be installed/);
  match(preflight.text, /warning: a route is not used[^]*bottles: \[base, python\]/);
  const { answers } = after(preflight.state, "y");
  deepEqual(answers && { ...answers, shown: answers.shown.manifest }, {
    agent: "reviewer",
    bottles: ["base", "python"],
    label: "Fix it",
    colour: "red",
    shown: ["agent: reviewer", "bottles: [base, python]"],
  });
});

Deno.test("the agent's own bottle, taken off and chosen again, is no pick", () => {
  deepEqual(after(opened("dev"), " ", " ", "enter", "enter", "y").answers?.bottles, []);
  deepEqual(after(opened("dev"), "home", " ", " ", "enter", "enter", "y").answers?.bottles, []);
  deepEqual(after(opened("dev"), "home", " ", "enter", "enter", "y").answers?.bottles, [
    "web",
    "base",
  ]);
});

Deno.test("bottles that do not merge say why at once, and are not taken", () => {
  const refused = after(opened("dev"), "end", " ");
  match(refused.text, /Host api\.example\.com already has a route \(\/other\.md:4:13\)\n/);
  const enter = after(refused.state, "enter");
  equal(enter.state.at, "bottles");
  match(enter.text, /already has a route/);
  equal(after(refused.state, " ", "enter").state.at, "label");
});

Deno.test("an agent without a bottle has to be given one", () => {
  const none = after(opened("lost"));
  match(none.text, /has no bottle\n None is chosen\n/);
  match(after(none.state, "enter").text, /Choose at least one with Space/);
  deepEqual(after(none.state, " ", "enter", "enter", "y").answers?.bottles, ["base"]);
});

Deno.test("an agent whose file is wrong stays in the list with the reason", () => {
  const wrong = after(first(), "enter");
  match(wrong.text, /Which agent\?[^]*Unknown key bottel \(\/bad\.md:2:1\)/);
  ok(!after(wrong.state, "down").text.includes("bottel"));
  equal(after(wrong.state, "down", "enter").state.at, "bottles");
});

Deno.test("Escape goes one step back with everything as it was; at the first question it leaves", () => {
  const preflight = after(opened("dev"), "home", " ", "enter", "box2", "tab", "enter").state;
  equal(preflight.at, "preflight");
  const label = after(preflight, "escape");
  match(label.text, /> box2▏[^]*\[red\]/);
  const bottles = after(label.state, "escape");
  match(bottles.text, /\[2\] base[^]*\[1\] web/);
  equal(after(bottles.state, "escape").ended?.do, "leave");
  deepEqual(after(bottles.state, "enter", "enter", "y").answers?.bottles, ["web", "base"]);
  equal(after(first(), "dev", "enter", "escape").state.at, "agent");
});

Deno.test("who comes back to the same agent finds the bottles as they were; another has its own", () => {
  const chosen = after(first(), "dev", "enter", "home", " ", "escape", "enter");
  deepEqual(chosen.state.bottles.chosen, ["web", "base"]);
  equal(after(chosen.state, "enter").state.at, "label");
  const another = after(chosen.state, "escape", "clear", "rev", "enter");
  deepEqual(another.state.bottles.chosen, ["base"]);
});

Deno.test("Ctrl-C leaves every question", () => {
  const dev = opened("dev");
  for (
    const state of [
      first(),
      dev,
      after(dev, "enter").state,
      after(dev, "enter", "enter").state,
      { ...dev, size: { columns: 10, rows: 3 } },
    ]
  ) equal(after(state, "interrupt").ended?.do, "leave");
});

Deno.test("n at the end starts nothing, and Enter alone is no answer", () => {
  equal(after(opened("dev"), "enter", "enter", "n").ended?.do, "decline");
  match(
    after(opened("dev"), "enter", "enter", "enter").text,
    /Start dev\? \[y\/N\] {2}Press y or n/,
  );
});

Deno.test("a label that is taken is asked for again with the reason, also one that was given", () => {
  const taken = after(opened("dev"), "enter", "box", "enter");
  match(taken.text, /Label and colour for dev[^]*A bottle named box exists/);
  equal(after(taken.state, "2", "enter", "y").answers?.label, "box2");
  const given = after(opened("dev", { label: "box", questions: ["label", "preflight"] }));
  match(given.text, /> box▏[^]*A bottle named box exists/);
});

Deno.test("on a screen that is too small no key is taken", () => {
  const small = { ...opened("dev"), size: { columns: 19, rows: 24 } };
  const { state, text } = after(small, "enter", " ", "escape", "y");
  deepEqual(state, small);
  match(text, /too small/);
});

Deno.test("an answer about bottles that were changed meanwhile is not taken for them", () => {
  const state = opened("dev");
  const late = { type: "looked", looked: lookedAt("dev", ["web", "other"]) } as const;
  deepEqual(reduce(state, late), { state, commands: [] });
});

Deno.test("questionsOf() asks what no flag answers", () => {
  const none = { yes: false };
  const cases: readonly (readonly [
    Parameters<typeof questionsOf>[0],
    string | undefined,
    string | undefined,
    string,
  ])[] = [
    [none, undefined, undefined, "agent bottles label preflight"],
    [none, "dev", undefined, "bottles label preflight"],
    [{ ...none, bottle: ["web"] }, "dev", undefined, "label preflight"],
    [{ ...none, label: "box" }, "dev", undefined, "bottles preflight"],
    [{ ...none, color: "red" }, "dev", undefined, "bottles preflight"],
    [{ ...none, label: "box" }, "dev", "it exists", "bottles label preflight"],
    [{ ...none, prompt: "make" }, "dev", undefined, "preflight"],
    [{ ...none, prompt: "make" }, undefined, undefined, "agent preflight"],
    [{ yes: true }, undefined, undefined, "agent bottles label"],
    [{ yes: true }, "dev", undefined, ""],
  ];
  for (const [flags, agent, problem, expected] of cases) {
    equal(questionsOf(flags, agent, problem).join(" "), expected);
  }
});

// Most of what people press, so that some come to the end.
const keys = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("enter", "enter", "y", "down") },
    { weight: 2, arbitrary: fc.constantFrom(" ", "<", ">", "escape", "clear") },
    { weight: 1, arbitrary: fc.constantFrom(...NAMED, "shift-up", "n", "b", "x", "redraw") },
    { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 1, unit: "binary" }) },
  ),
  { minLength: 10, maxLength: 60 },
);
const sizes = fc.record({
  columns: fc.integer({ min: 1, max: 120 }),
  rows: fc.integer({ min: 1, max: 50 }),
});
const given = fc.constantFrom<Partial<StartFacts>>(
  {},
  { questions: ["agent", "bottles", "label"] },
  { questions: ["agent", "preflight"] },
  { questions: ["agent", "label", "preflight"], label: "box" },
);

Deno.test("no keys, resizes or late answers bring the wizard to a start that was not looked at", () => {
  let finished = 0;
  fc.assert(
    fc.property(given, keys, fc.array(sizes, { maxLength: 3 }), (facts, pressed, resizes) => {
      let state = first(facts);
      const waiting: WizardEvent[] = [];
      const tell = (event: WizardEvent) => {
        const step = reduce(state, event);
        state = step.state;
        for (const command of step.commands) {
          const answer = answerTo(command, state);
          if (answer !== undefined) waiting.push(answer);
          if (command.do === "finish") holds(command.answers);
        }
        ok(state.questions.includes(state.at));
        const { chosen, matches, cursor } = state.bottles;
        equal(new Set(chosen).size, chosen.length);
        ok(chosen.every((name) => BOTTLES.some(({ value }) => value === name)));
        ok(cursor === 0 || cursor < matches.length);
        const lines = view(state);
        equal(lines.length, state.size.rows);
        ok(lines.every(({ text }) => width(text) <= state.size.columns));
      };
      for (const [at, key] of pressed.entries()) {
        tell({ type: "key", key });
        // Answers come in their order, some of them late.
        if (at % 3 !== 0) { for (const event of waiting.splice(0)) tell(event); }
        const size = resizes[at % 20];
        if (size !== undefined && at % 20 < resizes.length) tell({ type: "resized", size });
      }
    }),
    { numRuns: 150 },
  );
  ok(finished > 0, "some came to a start");

  function holds({ agent, bottles, shown, label }: WizardAnswers): void {
    finished++;
    const expected = lookedAt(agent, bottles).result;
    ok("manifest" in expected);
    deepEqual(shown.manifest, expected.manifest);
    ok(label !== "box");
  }
});
