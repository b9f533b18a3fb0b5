import { BottleError, ExitCode } from "../core/errors.ts";
import type { Host } from "./context.ts";

/** How long what waits for an operator waits, in milliseconds; absent where the environment says nothing. */
export interface ApprovalTimes {
  /** A request with a finding. */
  readonly token?: number;
  /** A push with a `gitleaks:allow` comment. */
  readonly gitleaksAllow?: number;
  /** An agent's call of the supervise server. */
  readonly supervise?: number;
}

const LONGEST = 86_400;

/** Names of the variables that say so; also what `--help` and the manual show. */
export const TIME_VARIABLES = {
  token: "EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS",
  gitleaksAllow: "SUPERVISE_GITLEAKS_ALLOW_TIMEOUT_SECONDS",
  supervise: "SUPERVISE_TIMEOUT_SECONDS",
} as const;

/**
 * Reads the times from the environment.
 *
 * @throws BottleError `usage` for a value that is no number of seconds from 1 to 86400.
 */
export function approvalTimes(host: Pick<Host, "env">): ApprovalTimes {
  const times: { -readonly [Key in keyof ApprovalTimes]: ApprovalTimes[Key] } = {};
  for (const key of Object.keys(TIME_VARIABLES) as (keyof typeof TIME_VARIABLES)[]) {
    const name = TIME_VARIABLES[key];
    const text = host.env(name) ?? "";
    if (text === "") continue;
    const seconds = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (!(seconds >= 1 && seconds <= LONGEST)) {
      throw new BottleError(`Cannot use ${name}: it is no number from 1 to ${LONGEST}`, {
        code: "usage",
        exit: ExitCode.usage,
        hint: `set ${name} to seconds, such as 300`,
      });
    }
    times[key] = seconds * 1000;
  }
  return times;
}
