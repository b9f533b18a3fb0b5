import { diagnosticText } from "../core/check_schema.ts";
import type { Position } from "../core/diagnostic.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { printable } from "../core/printable.ts";

/** Something worth saying that stops nothing; the caller prints it. */
export interface ManifestWarning {
  /** Stable snake_case name. */
  readonly code: string;
  /** One sentence for people, printable, without a final period. */
  readonly message: string;
}

/** Where and how a {@linkcode manifestError} is shown. */
export interface ProblemPlace {
  readonly position?: Position | undefined;
  /** The whole text of `position.file`, for the excerpt. */
  readonly text?: string | undefined;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A manifest error: exit code 3, `code` starts with `manifest_`. */
export function manifestError(
  code: `manifest_${string}`,
  message: string,
  { position, text, hint, cause }: ProblemPlace = {},
): BottleError {
  const shown = position === undefined
    ? printable(message)
    : diagnosticText(position, message, text);
  return new BottleError(shown, {
    code,
    exit: ExitCode.manifest,
    cause,
    ...(hint === undefined ? {} : { hint: printable(hint) }),
  });
}
