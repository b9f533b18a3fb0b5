import { type YesState, yesState } from "../ui/yes_form.ts";
import { preflightPage } from "./preflight.ts";
import type { LookedAgent, Question, WizardState, WizardStep } from "./wizard.ts";
import { pickedBottles } from "./wizard_look.ts";

const ORDER = ["agent", "bottles", "label", "preflight"] as const;

/** The questions that are asked: bottles are not when the only one is the agent's own. */
export function asked({ questions, opened }: WizardState): readonly Question[] {
  const [only, ...others] = opened?.bottles ?? [];
  const nothingToChoose = others.length === 0 && only !== undefined && only.value === opened?.own;
  return nothingToChoose ? questions.filter((question) => question !== "bottles") : questions;
}

/** The next question, or the end; only with bottles that were looked at and merge. */
export function onwards(state: WizardState): WizardStep {
  const { opened, looked, label } = state;
  if (opened === undefined || looked === undefined || "error" in looked.result) {
    return { state, commands: [] };
  }
  const agent = opened.name;
  const shown = looked.result;
  const next = asked(state).find((question) => isBefore(state.at, question));
  if (next !== undefined) {
    const preflight = next === "preflight" ? preflightOf(state, agent, shown) : state.preflight;
    return { state: { ...state, at: next, preflight }, commands: [] };
  }
  const answers = {
    agent,
    bottles: pickedBottles(state),
    label: label.text.trim(),
    colour: label.colour,
    shown,
  };
  return { state, commands: [{ do: "finish", answers }] };
}

/** The question before, with everything as it was; from the first one the way leads out. */
export function back(state: WizardState): WizardStep {
  const before = asked(state).findLast((question) => isBefore(question, state.at));
  return before === undefined
    ? { state, commands: [{ do: "leave" }] }
    : { state: { ...state, at: before }, commands: [] };
}

function isBefore(one: Question, other: Question): boolean {
  return ORDER.indexOf(one) < ORDER.indexOf(other);
}

function preflightOf({ label, given }: WizardState, agent: string, shown: LookedAgent): YesState {
  const { backend, workspace, prompt } = given;
  const { toolchain, warnings, manifest } = shown;
  const lines = preflightPage({
    agent,
    label: label.text.trim(),
    colour: label.colour,
    backend,
    workspace,
    prompt,
    toolchain,
    warnings,
    manifest,
  });
  return yesState({ title: `Start ${agent}?`, lines });
}
