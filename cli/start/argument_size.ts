import { BottleError, ExitCode } from "../../core/errors.ts";

/** Bytes of one argument or variable, without the final NUL (execve(2), MAX_ARG_STRLEN). */
export const MOST_ARGUMENT_BYTES = 32 * 4096 - 1;

/** What an agent is started with, as far as the system limits it. */
export interface StartArguments {
  readonly provider: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly prompt: string | undefined;
  /** The agent's file; undefined without one. */
  readonly file: string | undefined;
}

/**
 * Refuses what the system would refuse with "Argument list too long", when the bottle stands already.
 *
 * @throws BottleError `argument_too_long`.
 */
export function checkArguments({ provider, argv, env, prompt, file }: StartArguments): void {
  if (prompt !== undefined && bytesOf(prompt) > MOST_ARGUMENT_BYTES) {
    throw tooLong(
      provider,
      "the prompt",
      bytesOf(prompt),
      "put it into a file of the workspace, and let the prompt name that file",
    );
  }
  const longest = Math.max(...argv.map(bytesOf));
  if (longest > MOST_ARGUMENT_BYTES) {
    throw tooLong(
      provider,
      "one of its arguments",
      longest,
      `shorten ${file === undefined ? "" : `the text of ${file}, or `}startup_args`,
    );
  }
  for (const [name, value] of Object.entries(env)) {
    const bytes = bytesOf(`${name}=${value}`);
    if (bytes <= MOST_ARGUMENT_BYTES) continue;
    throw tooLong(
      provider,
      `the variable ${name}`,
      bytes,
      "give it in a file of the workspace instead",
    );
  }
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function tooLong(provider: string, what: string, bytes: number, hint: string): BottleError {
  return new BottleError(
    `Cannot start ${provider}: ${what} has ${bytes} bytes, and the system takes ${MOST_ARGUMENT_BYTES}`,
    { code: "argument_too_long", exit: ExitCode.manifest, hint },
  );
}
