import type { LabelColour } from "../../screen/frame.ts";
import { orderState } from "../ui/order_form.ts";
import { pickState } from "../ui/pick_form.ts";
import { yesState } from "../ui/yes_form.ts";
import type { Given, Question, WizardState } from "./wizard.ts";

/** What is known of a start before its first question. */
export interface StartFacts {
  readonly given: Given;
  readonly questions: readonly Question[];
  /** Agents that can be chosen. */
  readonly agents: readonly string[];
  readonly label: string;
  readonly colour: LabelColour | undefined;
  /** Why a label cannot be taken; undefined when it can. */
  readonly checkLabel: (label: string) => string | undefined;
}

/** The wizard before its first question. */
export function firstWizard(facts: StartFacts): WizardState {
  const { given, questions, agents, label, colour, checkLabel } = facts;
  return {
    size: { columns: 80, rows: 24 },
    given,
    questions,
    at: "agent",
    agents: pickState({
      title: "Which agent?",
      choices: agents.map((value) => ({ value })),
      empty: "There are no agents yet: bot-bottle init makes one",
    }),
    opened: undefined,
    bottles: orderState({ title: "Which bottles?", choices: [], chosen: [] }),
    looked: undefined,
    label: {
      agent: "",
      text: label,
      colour,
      check: checkLabel,
      problem: label === "" ? undefined : checkLabel(label),
    },
    preflight: yesState({ title: "Start?" }),
  };
}
