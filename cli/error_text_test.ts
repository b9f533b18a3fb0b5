import { equal } from "node:assert/strict";
import { BottleError } from "../core/errors.ts";
import { applicationText, errorText } from "./error_text.ts";

Deno.test("errorText() keeps the lines of a message, and lets none look like one of the program's", () => {
  const error = new BottleError("Cannot use a:1:2\n  1 | x\nbot-bottle: all is well", {
    code: "made_up",
    hint: "mend it\n  bot-bottle: or not",
  });
  equal(
    errorText(error, false),
    "bot-bottle: Cannot use a:1:2\n  1 | x\n  | bot-bottle: all is well\n" +
      "bot-bottle: hint: mend it\n  |   bot-bottle: or not",
  );
});

Deno.test("a text for a flag that cannot be used is one line", () => {
  const text = applicationText(false).exceptionWhileParsingArguments(new Error("a\nb"), false);
  equal(text, "bot-bottle: a\\nb\nbot-bottle: hint: --help shows the usage");
});
