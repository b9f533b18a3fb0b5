import type { KnownSecret } from "../dlp/known/secret.ts";
import { BottleError, ExitCode } from "../core/errors.ts";
import { HOLD_TIME_NAME, TOKEN_NAME } from "./tokens.ts";

/** The value that nobody needs: whoever sends it is leaking. */
const CANARY = "BOT_BOTTLE_CANARY";
/** What the host passes of its variables whose names begin with one of `BOT_BOTTLE_SENSITIVE_PREFIXES`. */
const SENSITIVE = /^BOT_BOTTLE_SENSITIVE_(?!PREFIXES$)/;
const LONGEST_HOLD_TIME = 86_400;

/** Everything in the sidecar's environment that must not leave by any route, the credentials of its routes included. */
export function guardedSecrets(environment: Readonly<Record<string, string>>): KnownSecret[] {
  const secrets: KnownSecret[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === "") continue;
    if (name === CANARY) secrets.push({ name, value, canary: true });
    else if (TOKEN_NAME.test(name) && name !== HOLD_TIME_NAME) secrets.push({ name, value });
    else if (SENSITIVE.test(name)) secrets.push({ name: name.replace(SENSITIVE, ""), value });
  }
  return secrets;
}

/**
 * How long a request with a finding is held for the operator, in milliseconds, where the environment says so.
 *
 * @throws BottleError `usage` when the variable is no time.
 */
export function holdTime(environment: Readonly<Record<string, string>>): number | undefined {
  const text = environment[HOLD_TIME_NAME];
  if (text === undefined || text === "") return undefined;
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (seconds >= 1 && seconds <= LONGEST_HOLD_TIME) return seconds * 1000;
  throw new BottleError(`Cannot use ${HOLD_TIME_NAME}: it is no number from 1 to 86400`, {
    code: "usage",
    exit: ExitCode.usage,
    hint: `set ${HOLD_TIME_NAME} to seconds, such as 300`,
  });
}
