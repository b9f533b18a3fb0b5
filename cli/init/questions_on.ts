import type { Host } from "../context.ts";
import type { OrderQuestion } from "../ui/order_form.ts";
import type { PickQuestion } from "../ui/pick_form.ts";
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
  const screens = () => import("../ui/ask.ts");
  return {
    pickOne: async (question) => await (await screens()).pickOne(host, question),
    pickOrdered: async (question) => await (await screens()).pickOrdered(host, question),
    askText: async (question) => await (await screens()).askText(host, question),
    askYes: async (question) => await (await screens()).askYes(host, question),
  };
}
