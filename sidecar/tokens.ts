import type { TokenLookup } from "../egress/credentials.ts";

/** The names under which a sidecar is given credentials. */
const TOKEN_NAME = /^EGRESS_TOKEN_[A-Za-z0-9_]+$/;

/** Looks credentials up in the environment; no other variable can be named by a route. */
export function environmentTokens(environment: (name: string) => string | undefined): TokenLookup {
  return (name) => TOKEN_NAME.test(name) ? environment(name) : undefined;
}
