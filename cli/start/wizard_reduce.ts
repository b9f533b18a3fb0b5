import type { Key } from "../../screen/keys.ts";
import { safeLine } from "../../screen/safe_text.ts";
import { isTooSmall } from "../../screen/size.ts";
import { isAnswered } from "../ui/form.ts";
import { labelForm } from "../ui/label_form.ts";
import { orderForm, orderState } from "../ui/order_form.ts";
import { line } from "../ui/panel.ts";
import { pickForm } from "../ui/pick_form.ts";
import { yesForm, yesState } from "../ui/yes_form.ts";
import { preflightPage } from "./preflight.ts";
import { reasonAndPlace } from "./reason.ts";
import type {
  Looked,
  OpenedAgent,
  WizardCommand,
  WizardEvent,
  WizardState,
  WizardStep,
} from "./wizard.ts";

/** What an event makes of the wizard. Nothing is touched here. */
export function reduce(state: WizardState, event: WizardEvent): WizardStep {
  switch (event.type) {
    case "key":
      return onKey(state, event.key);
    case "resized":
      return stay({ ...state, size: event.size });
    case "described":
      return stay(described(state, event.agent, event.hint));
    case "opened":
      return opened(state, event.opened, event.looked);
    case "unusable":
      return stay(unusable(state, event.error));
    case "looked":
      return stay(withLooked(state, event.looked));
  }
}

/** Bottles that replace the agent's own; none where they are the same. */
export function pickedBottles({ given, opened, bottles }: WizardState): readonly string[] {
  if (given.bottles.length > 0) return given.bottles;
  const { chosen } = bottles;
  return chosen.length === 1 && chosen[0] === opened?.own ? [] : chosen;
}

function onKey(state: WizardState, key: Key): WizardStep {
  if (key === "interrupt") return act(state, { do: "leave" });
  if (key === "redraw") return act(state, { do: "redraw" });
  if (isTooSmall(state.size)) return stay(state);
  if (key === "escape") return back(state);
  switch (state.at) {
    case "agent": {
      const step = pickForm.press(state.agents, key, state.size);
      return isAnswered<string>(step)
        ? act(state, { do: "open", agent: step.answer })
        : stay({ ...state, agents: step });
    }
    case "bottles":
      return onBottlesKey(state, key);
    case "label": {
      const step = labelForm.press(state.label, key, state.size);
      return "answer" in step ? onwards(state) : stay({ ...state, label: step });
    }
    case "preflight": {
      const step = yesForm.press(state.preflight, key, state.size);
      if (!isAnswered<boolean>(step)) return stay({ ...state, preflight: step });
      return step.answer ? onwards(state) : act(state, { do: "decline" });
    }
  }
}

function onBottlesKey(state: WizardState, key: Key): WizardStep {
  const step = orderForm.press(state.bottles, key, state.size);
  if (isAnswered<readonly string[]>(step)) {
    // What was refused is on the screen; what was not looked at yet will be.
    if (isLooked(state)) return onwards(state);
    return state.looked === undefined ? look(state) : stay(withLooked(state, state.looked));
  }
  const next = { ...state, bottles: step };
  return step.chosen === state.bottles.chosen ? stay(next) : look({ ...next, looked: undefined });
}

function look(state: WizardState): WizardStep {
  const { opened, bottles } = state;
  if (opened === undefined || bottles.chosen.length === 0) return stay(state);
  return act(state, { do: "look", agent: opened.name, bottles: pickedBottles(state) });
}

/** What the bottles merge to was looked at, and nothing is wrong with it. */
function isLooked({ looked }: WizardState): boolean {
  return looked !== undefined && "chosen" in looked.result;
}

/** Whether this is what the agent and the bottles that are chosen now merge to. */
function isAbout({ agent, bottles }: Looked, state: WizardState): boolean {
  return agent === state.opened?.name && bottles.join() === pickedBottles(state).join();
}

function withLooked(state: WizardState, looked: Looked): WizardState {
  if (!isAbout(looked, state)) return state; // it was changed meanwhile
  const remark = "error" in looked.result ? problemLine(looked.result.error) : undefined;
  return { ...state, looked, bottles: { ...state.bottles, remark } };
}

function problemLine(error: unknown) {
  return line(safeLine(reasonAndPlace(error), 2000), "bad");
}

function described(state: WizardState, agent: string, hint: string): WizardState {
  const choices = state.agents.choices.map((choice) =>
    choice.value === agent ? { ...choice, hint: safeLine(hint) } : choice
  );
  return { ...state, agents: { ...state.agents, choices } };
}

function unusable(state: WizardState, error: unknown): WizardState {
  return { ...state, agents: { ...state.agents, remark: problemLine(error) } };
}

/** An agent was chosen: its bottles are asked for, or else whether they can be used is known now. */
function opened(before: WizardState, agent: OpenedAgent, looked: Looked): WizardStep {
  // Who comes back to the same agent finds the bottles as they were.
  const chosen = before.opened?.name === agent.name
    ? before.bottles.chosen
    : agent.own === undefined
    ? []
    : [agent.own];
  const state: WizardState = {
    ...before,
    opened: agent,
    looked: undefined,
    label: { ...before.label, agent: agent.name },
    bottles: orderState({
      title: `Which bottles for ${agent.name}? (a later one wins)`,
      choices: agent.bottles,
      chosen,
      empty: "There are no bottles yet: bot-bottle init makes one",
      least: "Choose at least one with Space",
    }),
  };
  if (asked(state).includes("bottles")) {
    const at = { ...state, at: "bottles" as const };
    return isAbout(looked, at) ? stay(withLooked(at, looked)) : look(at);
  }
  const known = withLooked(state, looked);
  if (isLooked(known)) return onwards({ ...known, at: "bottles" });
  const { result } = looked;
  return stay("error" in result ? unusable(state, result.error) : state);
}

/** The questions that are left when a bottle is the only one, and the agent's own. */
function asked({ questions, opened }: WizardState): WizardState["questions"] {
  const [only, ...others] = opened?.bottles ?? [];
  const nothingToChoose = others.length === 0 && only !== undefined && only.value === opened?.own;
  return nothingToChoose ? questions.filter((question) => question !== "bottles") : questions;
}

const ORDER = ["agent", "bottles", "label", "preflight"] as const;

function onwards(state: WizardState): WizardStep {
  const next = asked(state).find((question) => ORDER.indexOf(question) > ORDER.indexOf(state.at));
  const { opened, looked } = state;
  if (opened === undefined || looked === undefined || "error" in looked.result) return stay(state);
  if (next === "preflight") return stay({ ...state, at: next, preflight: preflightOf(state) });
  if (next !== undefined) return stay({ ...state, at: next });
  const { text, colour } = state.label;
  return act(state, {
    do: "finish",
    answers: {
      agent: opened.name,
      bottles: pickedBottles(state),
      label: text.trim(),
      colour,
      shown: looked.result,
    },
  });
}

function back(state: WizardState): WizardStep {
  const before = asked(state).findLast((question) =>
    ORDER.indexOf(question) < ORDER.indexOf(state.at)
  );
  return before === undefined ? act(state, { do: "leave" }) : stay({ ...state, at: before });
}

function preflightOf({ opened, looked, label, given }: WizardState) {
  const agent = opened?.name ?? "";
  const shown = looked !== undefined && "chosen" in looked.result ? looked.result : undefined;
  const page = preflightPage({
    agent,
    label: label.text.trim(),
    colour: label.colour,
    backend: given.backend,
    workspace: given.workspace,
    prompt: given.prompt,
    toolchain: shown?.toolchain ?? "",
    warnings: shown?.warnings ?? [],
    manifest: shown?.manifest ?? [],
  });
  return yesState({ title: `Start ${agent}?`, lines: page });
}

function stay(state: WizardState): WizardStep {
  return { state, commands: [] };
}

function act(state: WizardState, command: WizardCommand): WizardStep {
  return { state, commands: [command] };
}
