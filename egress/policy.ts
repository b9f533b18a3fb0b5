import type { LiveRoute } from "../core/live_route.ts";
import type { TokenLookup } from "./credentials.ts";
import { compileRoutes, type Route, type RouteTable } from "./route_table.ts";
import { SecretSet } from "./secret_mask.ts";

/** What the proxy enforces at one moment: immutable, replaced as a whole on reload, read once for each request. */
export interface EgressPolicy {
  readonly table: RouteTable;
  /** 0 off, 1 denials, 2 every decision. */
  readonly log: 0 | 1 | 2;
  /** The credential of a route, to be removed from what its upstream answers. */
  readonly secretsOf: (route: Route) => SecretSet | undefined;
  /** Removes the credentials of every route from text that will be stored. */
  readonly maskSecrets: (text: string) => string;
}

/**
 * Compiles validated routes into a policy.
 *
 * @throws TypeError when a pattern cannot be compiled.
 */
export function createPolicy(
  routes: readonly LiveRoute[],
  log: 0 | 1 | 2,
  token: TokenLookup,
): EgressPolicy {
  const table = compileRoutes(routes);
  const sets = new Map<Route, SecretSet>();
  const all: string[] = [];
  for (const route of table.routes) {
    const secret = route.auth === undefined ? undefined : token(route.auth.tokenRef);
    if (secret === undefined || secret === "") continue;
    sets.set(route, new SecretSet([secret]));
    all.push(secret);
  }
  const everything = new SecretSet(all);
  return {
    table,
    log,
    secretsOf: (route) => sets.get(route),
    maskSecrets: (text) => everything.maskText(text),
  };
}
