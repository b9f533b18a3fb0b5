import { BottleError, ExitCode } from "../core/errors.ts";
import { checkLabel } from "../core/slug.ts";

/** `--bottle`: repeatable, order kept. */
export const bottleFlag = {
  kind: "parsed",
  parse: String,
  brief: "Bottle to use, in the order given (repeatable); replaces the agent's own",
  placeholder: "NAME",
  optional: true,
  variadic: true,
} as const;

/** `--backend`. */
export const backendFlag = {
  kind: "parsed",
  parse: String,
  brief: "How the bottle gets its walls: bubblewrap",
  placeholder: "NAME",
  optional: true,
} as const;

/** `--cwd`. */
export const cwdFlag = {
  kind: "boolean",
  brief: "Copy the working directory into the bottle's workspace",
  default: false,
  withNegated: false,
} as const;

/** `--json`. */
export const jsonFlag = {
  kind: "boolean",
  brief: "Print JSON",
  default: false,
  withNegated: false,
} as const;

/** `--yes`. */
export const yesFlag = {
  kind: "boolean",
  brief: "Do not ask",
  default: false,
  withNegated: false,
} as const;

/** `--env`. */
export const envFlag = {
  kind: "parsed",
  parse: parseAssignment,
  brief: "Variable of the bottle's environment (repeatable)",
  placeholder: "NAME=VALUE",
  optional: true,
  variadic: true,
} as const;

/** `--prompt-file`. */
export const promptFileFlag = {
  kind: "parsed",
  parse: String,
  brief: "The same with the text of a file; - is stdin",
  placeholder: "FILE",
  optional: true,
} as const;

/** A label as it was given. Throws BottleError `bad_label` for one that is not one line of text. */
export function parseLabel(text: string): string {
  checkLabel(text);
  return text;
}

/** `NAME=VALUE` as a pair. Throws BottleError `bad_assignment`; the value is not in the message. */
export function parseAssignment(text: string): readonly [string, string] {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(text);
  if (match !== null) return [match[1]!, match[2]!];
  const name = text.split("=", 1)[0]!;
  throw new BottleError(`Cannot use ${JSON.stringify(name)} as --env`, {
    code: "bad_assignment",
    exit: ExitCode.usage,
    hint: "write --env NAME=VALUE, with letters, digits and underscores in NAME",
  });
}

/** Seconds, or a number with `s`, `m` or `h`, as milliseconds. Throws BottleError `bad_duration`. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([smh]?)$/.exec(text);
  const unit = { "": 1000, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""]!;
  const milliseconds = match === null ? 0 : Math.round(Number(match[1]) * unit);
  // A timer holds 31 bits of milliseconds.
  if (milliseconds > 0 && milliseconds < 2 ** 31) return milliseconds;
  throw new BottleError(`Cannot use ${JSON.stringify(text)} as a duration`, {
    code: "bad_duration",
    exit: ExitCode.usage,
    hint: "write seconds, or a number with s, m or h, such as 90, 1.5m or 2h (at most 24 days)",
  });
}
