import { providerOf } from "../providers/registry.ts";
import type { Bottle } from "./bottle_schema.ts";

/** Every host variable that a bottle names as a credential for the sidecar to hold. */
export function credentialVariables(bottle: Bottle): Set<string> {
  const provider = bottle.agent_provider;
  const names = [
    ...bottle.egress.routes.map((route) => route.auth?.token_ref),
    ...Object.values(bottle["git-gate"].repos).map(({ key }) =>
      key !== undefined && "token_ref" in key ? key.token_ref : undefined
    ),
    provider?.auth_token,
    ...(provider === undefined
      ? []
      : providerOf(provider.template).credentialVariables?.(provider) ?? []),
  ];
  return new Set(names.filter((name) => name !== undefined));
}
