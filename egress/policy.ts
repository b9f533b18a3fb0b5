import type { RouteDocument } from "../core/route.ts";
import type { TokenLookup } from "./credentials.ts";
import { compileRoutes, type RouteTable } from "./route_table.ts";
import { SecretMask } from "./secret_mask.ts";

/** What the proxy enforces at one moment: immutable, replaced as a whole on reload, read once for each request. */
export interface EgressPolicy {
  readonly table: RouteTable;
  /** 0 off, 1 denials, 2 every decision. */
  readonly log: 0 | 1 | 2;
  /** Removes the credentials of every route from text that will be stored. */
  readonly maskSecrets: (text: string) => string;
}

/**
 * Compiles validated routes into a policy.
 *
 * @throws TypeError when a pattern cannot be compiled.
 */
export function createPolicy(
  routes: readonly RouteDocument[],
  log: 0 | 1 | 2,
  token: TokenLookup,
): EgressPolicy {
  const table = compileRoutes(routes);
  const secrets = table.routes.flatMap(({ auth }) => {
    const secret = auth === undefined ? undefined : token(auth.tokenRef);
    return secret === undefined || secret === "" ? [] : [secret];
  });
  const mask = new SecretMask(secrets);
  return {
    table,
    log,
    maskSecrets: secrets.length === 0 ? (text) => text : (text) => mask.text(text),
  };
}
