import type { TokenLookup } from "../egress/credentials.ts";

/** The names under which a sidecar is given credentials. */
export const TOKEN_NAME = /^EGRESS_TOKEN_[A-Za-z0-9_]+$/;
/** A setting whose name looks like one. */
export const HOLD_TIME_NAME = "EGRESS_TOKEN_ALLOW_TIMEOUT_SECONDS";

/** Looks credentials up in the environment; no other variable can be named by a route. */
export function environmentTokens(environment: (name: string) => string | undefined): TokenLookup {
  return (name) => TOKEN_NAME.test(name) && name !== HOLD_TIME_NAME ? environment(name) : undefined;
}
