import type { ScreenLine } from "../../screen/frame.ts";
import { safeLine } from "../../screen/safe_text.ts";
import { line } from "../ui/panel.ts";
import { reasonAndPlace } from "./reason.ts";
import type { Looked, WizardState, WizardStep } from "./wizard.ts";

/** Bottles that replace the agent's own; none where they are the same. */
export function pickedBottles({ given, opened, bottles }: WizardState): readonly string[] {
  if (given.bottles.length > 0) return given.bottles;
  const { chosen } = bottles;
  return chosen.length === 1 && chosen[0] === opened?.own ? [] : chosen;
}

/** Asks what the bottles that are chosen merge to. */
export function look(state: WizardState): WizardStep {
  const { opened, bottles } = state;
  if (opened === undefined || bottles.chosen.length === 0) return { state, commands: [] };
  return {
    state,
    commands: [{ do: "look", agent: opened.name, bottles: pickedBottles(state) }],
  };
}

/** Whether this is what the agent and the bottles that are chosen now merge to. */
export function isAbout({ agent, bottles }: Looked, state: WizardState): boolean {
  return agent === state.opened?.name && bottles.join() === pickedBottles(state).join();
}

/** With what the bottles merge to; what is wrong with them is said at once. */
export function withLooked(state: WizardState, looked: Looked): WizardState {
  if (!isAbout(looked, state)) return state; // they were changed meanwhile
  const remark = "error" in looked.result ? problemLine(looked.result.error) : undefined;
  return { ...state, looked, bottles: { ...state.bottles, remark } };
}

/** What is wrong, as a list says it. */
export function problemLine(error: unknown): ScreenLine {
  return line(safeLine(reasonAndPlace(error), 2000), "bad");
}
