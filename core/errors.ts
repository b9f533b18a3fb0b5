/** Exit codes of every command; see `docs/cli.md`. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  manifest: 3,
  refused: 4,
  cannotStart: 125,
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a {@linkcode BottleError} carries besides its message. */
export interface BottleErrorOptions {
  /** Stable snake_case name that scripts and tests match on. */
  code: string;
  /** Process exit code when the error reaches the command line; 1 unless given. */
  exit?: ExitCode;
  /** What the reader can do next, one sentence or command. */
  hint?: string;
  cause?: unknown;
}

/**
 * An expected failure with a message for people: no stack trace is printed for it.
 *
 * The message says the action and the value ("Cannot read routes file \"r.yaml\": …"),
 * `hint` says what to do next, `code` is stable.
 */
export class BottleError extends Error {
  override readonly name = "BottleError";
  readonly code: string;
  readonly exit: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, options: BottleErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.exit = options.exit ?? ExitCode.failed;
    this.hint = options.hint;
  }
}

/** The message of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
