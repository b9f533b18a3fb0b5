import { BottleError, ExitCode } from "../../core/errors.ts";

/** The error for a question that nobody can be asked: it names the argument that answers it. */
export function missingTerminal(what: string, argument: string): BottleError {
  return new BottleError(`Cannot ${what}: there is no terminal to ask on`, {
    code: "no_terminal",
    exit: ExitCode.usage,
    hint: `give ${argument}`,
  });
}
