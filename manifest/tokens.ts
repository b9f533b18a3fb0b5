import type { Position } from "../core/diagnostic.ts";
import type { RouteDocument } from "../core/route.ts";
import type { EffectiveManifest } from "./effective.ts";
import { manifestError } from "./problem.ts";
import { originAt, positionOf } from "./sourced.ts";

/** A host variable that routes and repositories take a credential from. */
export interface TokenRef {
  readonly variable: string;
  /** The name under which the sidecar finds the value: `EGRESS_TOKEN_0`, `EGRESS_TOKEN_1`, … */
  readonly slot: string;
  /** The first place that names it. */
  readonly position: Position;
  /** The key at that place, by host, because an index would count the merged list: `egress.routes[HOST].auth.token_ref`. */
  readonly key: string;
}

/** The host variables that routes and repositories need, each once, in the order of the routes, then the repositories. */
export function tokenRefs(effective: EffectiveManifest): TokenRef[] {
  const { egress, "git-gate": gate } = effective.bottle;
  const refs = new Map<string, TokenRef>();
  const add = (variable: string | undefined, path: (string | number)[], key: string) => {
    if (variable === undefined || refs.has(variable)) return;
    refs.set(variable, {
      variable,
      slot: `EGRESS_TOKEN_${refs.size}`,
      position: positionOf(originAt(effective.tree, path)),
      key,
    });
  };
  for (const [index, route] of egress.routes.entries()) {
    const path = ["egress", "routes", index, "auth", "token_ref"];
    add(route.auth?.token_ref, path, `egress.routes[${route.host}].auth.token_ref`);
  }
  for (const [name, { key }] of Object.entries(gate.repos)) {
    if (key === undefined || key.provider === "static") continue;
    const path = ["git-gate", "repos", name, "key", "token_ref"];
    add(key.token_ref, path, path.join("."));
  }
  return [...refs.values()];
}

/** The name under which the sidecar finds the value of a host variable. */
export function slotOf(effective: EffectiveManifest, variable: string): string | undefined {
  return tokenRefs(effective).find((ref) => ref.variable === variable)?.slot;
}

/**
 * The environment that carries the credentials to the sidecar, by slot.
 *
 * @param lookup reads a host variable.
 * @throws BottleError `manifest_token` for a variable that is not set or empty; the message names file, line and key.
 */
export function resolveTokens(
  effective: EffectiveManifest,
  lookup: (variable: string) => string | undefined,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const ref of tokenRefs(effective)) {
    const value = lookup(ref.variable);
    if (value === undefined || value.trim() === "") {
      const state = value === undefined ? "not set" : "empty";
      throw manifestError(
        "manifest_token",
        `${ref.key} names the host variable ${ref.variable}, which is ${state}`,
        {
          position: ref.position,
          text: effective.texts.get(ref.position.file),
          hint: `set ${ref.variable} in the environment that bot-bottle is started from`,
        },
      );
    }
    environment[ref.slot] = value;
  }
  return environment;
}

/** The routes as the sidecar reads them: each `token_ref` names a slot instead of the host's variable. */
export function sidecarRoutes(effective: EffectiveManifest): RouteDocument[] {
  const slots = new Map(tokenRefs(effective).map((ref) => [ref.variable, ref.slot]));
  return effective.bottle.egress.routes.map((route) => {
    const slot = route.auth === undefined ? undefined : slots.get(route.auth.token_ref);
    if (route.auth === undefined || slot === undefined) return route;
    return { ...route, auth: { ...route.auth, token_ref: slot } };
  });
}
