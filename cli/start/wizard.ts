import type { Key } from "../../screen/keys.ts";
import type { Size } from "../../screen/size.ts";
import type { ChosenAgent } from "../agent_start.ts";
import type { Choice } from "../ui/choice.ts";
import type { ChosenLabel, LabelState } from "../ui/label_form.ts";
import type { OrderState } from "../ui/order_form.ts";
import type { PickState } from "../ui/pick_form.ts";
import type { YesState } from "../ui/yes_form.ts";

/** What a start can ask, in this order. */
export type Question = "agent" | "bottles" | "label" | "preflight";

/** An agent, and the bottles that it can be started in. */
export interface OpenedAgent {
  readonly name: string;
  /** The bottle that its file names. */
  readonly own: string | undefined;
  readonly bottles: readonly Choice[];
}

/** What some bottles merge to. */
export interface Looked {
  readonly agent: string;
  /** In their order; none for the agent's own. */
  readonly bottles: readonly string[];
  readonly result: LookedAgent | { readonly error: unknown };
}

/** An agent as it would start. */
export interface LookedAgent {
  readonly chosen: ChosenAgent;
  readonly warnings: readonly string[];
  /** The agent's CLI, and whether it is there. */
  readonly toolchain: string;
  /** Lines of the effective manifest. */
  readonly manifest: readonly string[];
}

/** What was answered before the first question. */
export interface Given {
  /** Bottles of `--bottle`; none when the flag is absent. */
  readonly bottles: readonly string[];
  readonly backend: string;
  readonly workspace: string;
  /** Text of `--prompt`; undefined for a session on the terminal. */
  readonly prompt: string | undefined;
}

/** The questions of a start, and what was answered so far. */
export interface WizardState {
  readonly size: Size;
  readonly given: Given;
  /** The questions that are asked, in their order; at least one. */
  readonly questions: readonly Question[];
  readonly at: Question;
  readonly agents: PickState;
  readonly opened: OpenedAgent | undefined;
  readonly bottles: OrderState;
  readonly looked: Looked | undefined;
  readonly label: LabelState;
  readonly preflight: YesState;
}

/** What happens to the wizard. */
export type WizardEvent =
  | { readonly type: "key"; readonly key: Key }
  | { readonly type: "resized"; readonly size: Size }
  /** What there is to know about an agent of the list. */
  | { readonly type: "described"; readonly agent: string; readonly hint: string }
  | { readonly type: "opened"; readonly opened: OpenedAgent; readonly looked: Looked }
  /** An agent whose file cannot be used. */
  | { readonly type: "unusable"; readonly error: unknown }
  | { readonly type: "looked"; readonly looked: Looked };

/** What the wizard asks its surroundings for. */
export type WizardCommand =
  | { readonly do: "open"; readonly agent: string }
  | { readonly do: "look"; readonly agent: string; readonly bottles: readonly string[] }
  | { readonly do: "redraw" }
  | { readonly do: "leave" }
  | { readonly do: "decline" }
  | { readonly do: "finish"; readonly answers: WizardAnswers };

/** Everything that was asked. */
export interface WizardAnswers extends ChosenLabel {
  readonly agent: string;
  /** Bottles that replace the agent's own, in their order. */
  readonly bottles: readonly string[];
  /** What was shown. */
  readonly shown: LookedAgent;
}

/** A new state, and what has to be done. */
export interface WizardStep {
  readonly state: WizardState;
  readonly commands: readonly WizardCommand[];
}
