import * as z from "zod";

/** Name of an environment variable. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

// deno-lint-ignore no-control-regex
const ONE_LINE = /^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$/;

/** Text without line breaks and control characters: it may end in a header, a file name or a git configuration. */
export const lineField = z.string().max(4096).regex(
  ONE_LINE,
  "must not hold a line break or a control character",
);

/** The name of a host environment variable, never its value. */
export const hostVariableField = z.string().regex(
  ENV_NAME,
  "expected the name of an environment variable, not its value",
);
