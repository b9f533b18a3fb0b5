import type { ScreenLine } from "../../screen/frame.ts";
import { labelForm } from "../ui/label_form.ts";
import { orderForm } from "../ui/order_form.ts";
import { pickForm } from "../ui/pick_form.ts";
import { yesForm } from "../ui/yes_form.ts";
import type { WizardState } from "./wizard.ts";

/** The question on the screen: exactly `size.rows` lines, none wider than `size.columns`. */
export function view({ at, agents, bottles, label, preflight, size }: WizardState): ScreenLine[] {
  switch (at) {
    case "agent":
      return pickForm.view(agents, size);
    case "bottles":
      return orderForm.view(bottles, size);
    case "label":
      return labelForm.view(label, size);
    case "preflight":
      return yesForm.view(preflight, size);
  }
}
