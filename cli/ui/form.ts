import type { ScreenLine } from "../../screen/frame.ts";
import type { Key } from "../../screen/keys.ts";
import type { Size } from "../../screen/size.ts";

/** A question as pure functions over its state: what it shows, and what a key makes of it. */
export interface Form<State, Answer> {
  view(state: State, size: Size): ScreenLine[];
  /** Ctrl-C and Escape never come here. */
  press(state: State, key: Key, size: Size): State | Answered<Answer>;
}

/** The answer that a key gave. */
export interface Answered<Answer> {
  readonly answer: Answer;
}

/** Whether a key answered the question. */
export function isAnswered<Answer>(step: object | Answered<Answer>): step is Answered<Answer> {
  return "answer" in step;
}
