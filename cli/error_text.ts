import { text_en } from "@stricli/core";
import { BottleError, ExitCode, messageOf } from "../core/errors.ts";
import { printable, printableLine } from "../sys/log.ts";

/**
 * What is printed for anything that ended a command: the message, the hint, and with `debug` the stack.
 * Control characters are made visible, since a message may quote a file or a bottle.
 */
export function errorText(error: unknown, debug: boolean): string {
  const lines = [`bot-bottle: ${ownLines(messageOf(error))}`];
  if (error instanceof BottleError && error.hint !== undefined) {
    lines.push(`bot-bottle: hint: ${ownLines(error.hint)}`);
  }
  if (!(error instanceof BottleError) && !debug) {
    const hint = systemHint(error) ?? "this is a defect; BOT_BOTTLE_LOG_LEVEL=debug shows where";
    lines.push(`bot-bottle: hint: ${hint}`);
  }
  if (debug && error instanceof Error && error.stack !== undefined) {
    lines.push(ownLines(error.stack));
  }
  return lines.join("\n");
}

/** Printable, and no further line looks like one that the program began: a message may quote a name with newlines. */
function ownLines(text: string): string {
  return printable(text).replace(/\n(?=\s*bot-bottle:)/g, "\n  | ");
}

const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "free some disk space",
  EDQUOT: "free some disk space: your quota is used up",
  ENOTDIR: "set BOT_BOTTLE_HOME to a folder",
  EROFS: "set BOT_BOTTLE_HOME to a folder that can be written to",
  EACCES: "see who owns it, and its permissions",
  EPERM: "see who owns it, and its permissions",
  EMFILE: "raise the limit on open files: ulimit -n 4096",
  ENFILE: "the machine has too many files open",
  EAGAIN: "the machine has no process or memory left; try again",
  ENOMEM: "the machine has no memory left",
};

/** What mends a refusal of the system's (errno(3)); undefined for anything else. */
export function systemHint(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && Object.hasOwn(SYSTEM_HINTS, code)
    ? SYSTEM_HINTS[code]
    : undefined;
}

/** The exit code of anything that ended a command. */
export function exitCodeOf(error: unknown): number {
  return error instanceof BottleError ? error.exit : ExitCode.failed;
}

/** stricli's texts in the form of {@linkcode errorText}. */
export function applicationText(debug: boolean): typeof text_en {
  const usage = (error: unknown) =>
    `bot-bottle: ${printableLine(messageOf(error))}\nbot-bottle: hint: --help shows the usage`;
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
