import type { Picked } from "./json_picker.ts";
import type { Usage } from "./usage.ts";

/** Keeps the counts of answers in one shape. */
export interface Account {
  /** Whether an object is of this shape. */
  recognises(picked: Picked): boolean;
  /**
   * Takes an object of an answer: an event of a stream, or the whole answer. Gives the usage of an answer that is over
   * with it.
   *
   * @param isWhole false for an object that was cut short.
   */
  take(picked: Picked, isWhole: boolean): Usage | undefined;
  /**
   * Nothing more comes. Gives what was counted of an answer that is not over.
   *
   * @param isWhole whether the body came to its end.
   */
  end(isWhole: boolean): Usage | undefined;
}
