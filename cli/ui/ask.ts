import { BottleError, type ExitCode } from "../../core/errors.ts";
import { FullScreen } from "../../screen/full_screen.ts";
import type { Key } from "../../screen/keys.ts";
import { isTooSmall, type Size } from "../../screen/size.ts";
import { processTerminal, type ScreenTerminal } from "../../screen/terminal.ts";
import { exitCodeOfSignal } from "../../sys/signals.ts";
import type { Host } from "../context.ts";
import { type Answered, type Form, isAnswered } from "./form.ts";
import { orderForm, type OrderQuestion, orderState } from "./order_form.ts";
import { pickForm, type PickQuestion, pickState } from "./pick_form.ts";
import { textForm, type TextQuestion, textState } from "./text_form.ts";
import { WentBack } from "./went_back.ts";
import { yesForm, type YesQuestion, yesState } from "./yes_form.ts";

/**
 * Asks for one of several; what is typed filters them. Check `host.terminal.interactive` before.
 *
 * @param terminal the process's own unless given; see {@linkcode steadyTerminal} for questions that follow an Escape.
 * @returns the value chosen.
 * @throws BottleError `interrupted` (130) on Ctrl-C and, as {@linkcode WentBack}, on Escape; with 128 + n when a
 * signal ended it.
 */
export function pickOne(
  host: Host,
  question: PickQuestion,
  terminal?: ScreenTerminal,
): Promise<string> {
  return ask(host, pickForm, pickState(question), terminal);
}

/**
 * Asks for several of several, in an order. Check `host.terminal.interactive` before.
 *
 * @returns the values chosen, in their order; none when `least` is not given.
 * @throws BottleError as {@linkcode pickOne}.
 */
export async function pickOrdered(
  host: Host,
  question: OrderQuestion,
  terminal?: ScreenTerminal,
): Promise<string[]> {
  return [...await ask(host, orderForm, orderState(question), terminal)];
}

/**
 * Asks for a line of text. Check `host.terminal.interactive` before.
 *
 * @returns the text without blanks around it; `check` found nothing wrong with it.
 * @throws BottleError as {@linkcode pickOne}.
 */
export function askText(
  host: Host,
  question: TextQuestion,
  terminal?: ScreenTerminal,
): Promise<string> {
  return ask(host, textForm, textState(question), terminal);
}

/**
 * Asks for yes or no, below lines that can be scrolled. Check `host.terminal.interactive` before.
 *
 * @throws BottleError as {@linkcode pickOne}.
 */
export function askYes(
  host: Host,
  question: YesQuestion,
  terminal?: ScreenTerminal,
): Promise<boolean> {
  return ask(host, yesForm, yesState(question), terminal);
}

const LEFT = "Nothing was chosen";

/** Shows a form until it is answered; the terminal is as before then, however it ends. */
async function ask<State extends object, Answer>(
  host: Host,
  form: Form<State, Answer>,
  first: State,
  terminal: ScreenTerminal = processTerminal(),
): Promise<Answer> {
  let state = first;
  let size: Size = terminal.size();
  using _modes = host.terminal.guard();
  using screen: FullScreen<Answered<Answer>> = new FullScreen(terminal, isColoured(host), {
    view: () => form.view(state, size),
    onKey(key: Key) {
      if (key === "escape") return screen.fail(new WentBack(LEFT));
      if (key === "interrupt") return screen.fail(interrupted(LEFT));
      if (key === "redraw") return screen.redraw();
      if (isTooSmall(size)) return;
      const step = form.press(state, key, size);
      if (isAnswered<Answer>(step)) return screen.end(step);
      state = step;
      screen.draw();
    },
    onResize: (now) => size = now,
    onSignal: (name) => screen.fail(interrupted(LEFT, name)),
  });
  screen.open();
  return (await screen.ended).answer;
}

/** Whether colour is wanted on the screen. */
export function isColoured(host: Pick<Host, "env">): boolean {
  return host.env("NO_COLOR") === undefined;
}

/** The error for a question that was left: by Ctrl-C, or by a signal; `message` says what of it. */
export function interrupted(message: string, signal: Deno.Signal = "SIGINT"): BottleError {
  return new BottleError(message, {
    code: "interrupted",
    exit: exitCodeOfSignal(signal) as ExitCode,
  });
}
