import type { Key } from "../../screen/keys.ts";
import { safeLine } from "../../screen/safe_text.ts";
import { isTooSmall } from "../../screen/size.ts";
import { isAnswered } from "../ui/form.ts";
import { type ChosenLabel, labelForm } from "../ui/label_form.ts";
import { orderForm, orderState } from "../ui/order_form.ts";
import { pickForm } from "../ui/pick_form.ts";
import { yesForm } from "../ui/yes_form.ts";
import type {
  Looked,
  OpenedAgent,
  WizardCommand,
  WizardEvent,
  WizardState,
  WizardStep,
} from "./wizard.ts";
import { isAbout, look, problemLine, withLooked } from "./wizard_look.ts";
import { asked, back, onwards } from "./wizard_turns.ts";

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
      return isAnswered<ChosenLabel>(step) ? onwards(state) : stay({ ...state, label: step });
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
    return state.looked === undefined ? look(state) : onwards(state);
  }
  const next = { ...state, bottles: step };
  return step.chosen === state.bottles.chosen ? stay(next) : look({ ...next, looked: undefined });
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
  if ("error" in looked.result) return stay(unusable(state, looked.result.error));
  return onwards({ ...withLooked(state, looked), at: "bottles" });
}

function stay(state: WizardState): WizardStep {
  return { state, commands: [] };
}

function act(state: WizardState, command: WizardCommand): WizardStep {
  return { state, commands: [command] };
}
