import { BottleError, ExitCode } from "../core/errors.ts";

/** Options that were given, each with its values in order, and what is left. */
export interface ParsedArguments {
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
}

/**
 * Splits arguments into options and the rest. This is the inner command line that `bot-bottle` writes; people
 * use that one.
 *
 * @param takesValue names of options with a value; others in `flags` have none.
 * @throws BottleError `usage` for an unknown option or a missing value.
 */
export function parseArguments(
  args: readonly string[],
  takesValue: readonly string[],
  flags: readonly string[] = [],
): ParsedArguments {
  const options = new Map<string, string[]>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith("-")) {
      rest.push(arg);
      continue;
    }
    if (flags.includes(arg)) {
      options.set(arg, []);
      continue;
    }
    const value = args[++i];
    if (!takesValue.includes(arg)) throw usage(`Unknown option ${arg}`);
    if (value === undefined) throw usage(`Option ${arg} needs a value`);
    options.set(arg, [...options.get(arg) ?? [], value]);
  }
  return { options, rest };
}

/** The single value of an option. */
export function optionValue({ options }: ParsedArguments, name: string): string | undefined {
  return options.get(name)?.at(-1);
}

/** @throws BottleError `usage` when it was not given. */
export function requiredValue(parsed: ParsedArguments, name: string): string {
  const value = optionValue(parsed, name);
  if (value === undefined) throw usage(`Option ${name} is missing`);
  return value;
}

/** An error about the command line itself. */
export function usage(message: string): BottleError {
  return new BottleError(message, { code: "usage", exit: ExitCode.usage });
}
