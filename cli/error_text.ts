import { text_en } from "@stricli/core";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { printable } from "../sys/log.ts";

/**
 * What is printed for anything that ended a command: the message, the hint, and with `debug` the stack.
 * Control characters are made visible, since a message may quote a file or a bottle.
 */
export function errorText(error: unknown, debug: boolean): string {
  const lines = [`bot-bottle: ${printable(messageOf(error))}`];
  if (error instanceof BottleError && error.hint !== undefined) {
    lines.push(`bot-bottle: hint: ${printable(error.hint)}`);
  }
  if (!(error instanceof BottleError) && !debug) {
    lines.push("bot-bottle: hint: this is a defect; BOT_BOTTLE_LOG_LEVEL=debug shows where");
  }
  if (debug && error instanceof Error && error.stack !== undefined) lines.push(error.stack);
  return lines.join("\n");
}

/** The exit code of anything that ended a command. */
export function exitCodeOf(error: unknown): number {
  return error instanceof BottleError ? error.exit : ExitCode.failed;
}

/** stricli's texts in the form of {@linkcode errorText}. */
export function applicationText(debug: boolean): typeof text_en {
  const usage = (error: unknown) =>
    `bot-bottle: ${printable(messageOf(error))}\nbot-bottle: hint: --help shows the usage`;
  return {
    ...text_en,
    exceptionWhileParsingArguments: (error) =>
      error instanceof BottleError ? errorText(error, debug) : usage(error),
    exceptionWhileLoadingCommandFunction: (error) => errorText(error, debug),
    exceptionWhileLoadingCommandContext: (error) => errorText(error, debug),
    exceptionWhileRunningCommand: (error) => errorText(error, debug),
    commandErrorResult: (error) => errorText(error, debug),
    noCommandRegisteredForInput: ({ input, corrections }) => {
      const hint = corrections.length === 0
        ? "bot-bottle --help lists the commands"
        : `did you mean ${corrections.join(" or ")}?`;
      return `bot-bottle: No command ${
        printable(JSON.stringify(input))
      }\nbot-bottle: hint: ${hint}`;
    },
  };
}
