import type { ScreenTerminal } from "../../screen/terminal.ts";
import type { Host } from "../context.ts";
import type { OrderQuestion } from "../ui/order_form.ts";
import type { PickQuestion } from "../ui/pick_form.ts";
import { steadyTerminal } from "../ui/steady_terminal.ts";
import type { TextQuestion } from "../ui/text_form.ts";
import type { YesQuestion } from "../ui/yes_form.ts";

/** Somebody who can be asked. Every question throws BottleError `interrupted` when it is left. */
export interface Questions {
  pickOne(question: PickQuestion): Promise<string>;
  pickOrdered(question: OrderQuestion): Promise<string[]>;
  askText(question: TextQuestion): Promise<string>;
  askYes(question: YesQuestion): Promise<boolean>;
}

/** The operator at the terminal; undefined without one. The screens are loaded with the first question. */
export function questionsOn(host: Host): Questions | undefined {
  if (!host.terminal.interactive) return undefined;
  let opened: Promise<Screens> | undefined;
  const screens = () => opened ??= openScreens();
  const asked = async <Answer>(ask: (on: Screens) => Promise<Answer>) => await ask(await screens());
  return {
    pickOne: (question) => asked(({ ui, terminal }) => ui.pickOne(host, question, terminal)),
    pickOrdered: (question) =>
      asked(({ ui, terminal }) => ui.pickOrdered(host, question, terminal)),
    askText: (question) => asked(({ ui, terminal }) => ui.askText(host, question, terminal)),
    askYes: (question) => asked(({ ui, terminal }) => ui.askYes(host, question, terminal)),
  };
}

/** What every question of one command is asked on. */
interface Screens {
  readonly ui: typeof import("../ui/ask.ts");
  readonly terminal: ScreenTerminal;
}

async function openScreens(): Promise<Screens> {
  const [ui, { processTerminal }] = await Promise.all([
    import("../ui/ask.ts"),
    import("../../screen/terminal.ts"),
  ]);
  return { ui, terminal: steadyTerminal(processTerminal()) };
}
