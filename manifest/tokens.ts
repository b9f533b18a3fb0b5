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
 * The environment that carries the credentials to the sidecar, by slot; without the space around them.
 *
 * @param lookup reads a host variable.
 * @throws BottleError `manifest_token` for a variable that is not set, empty, or cannot stand in a header; the message
 * names file, line and key, and never the value.
 */
export function resolveTokens(
  effective: EffectiveManifest,
  lookup: (variable: string) => string | undefined,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const ref of tokenRefs(effective)) {
    const given = lookup(ref.variable);
    const value = given?.trim() ?? "";
    const problem = given === undefined
      ? "is not set"
      : value === ""
      ? "is empty"
      : schemesOf(effective, ref.variable).some((scheme) => !formOf(scheme).test(value))
      ? "holds a line break or another character that no such credential has"
      : undefined;
    if (problem !== undefined) {
      throw manifestError(
        "manifest_token",
        `${ref.key} names the host variable ${ref.variable}, which ${problem}`,
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

/** How a credential is sent: the schemes of its routes, and `token` for a repository's. */
function schemesOf(effective: EffectiveManifest, variable: string): string[] {
  const { egress, "git-gate": gate } = effective.bottle;
  const schemes = egress.routes.flatMap(({ auth }) =>
    auth?.token_ref === variable ? [auth.scheme] : []
  );
  const isRepositorys = Object.values(gate.repos).some(({ key }) =>
    key !== undefined && key.provider !== "static" && key.token_ref === variable
  );
  return isRepositorys ? [...schemes, "token"] : schemes;
}

/** What a header can hold (RFC 9110 section 5.5); a token is one word, and a password of `basic` travels encoded. */
function formOf(scheme: string): RegExp {
  // deno-lint-ignore no-control-regex
  if (scheme === "basic") return /^[^\x00-\x1f\x7f]+$/;
  return scheme.startsWith("header:") ? /^[\x20-\x7e]+$/ : /^[\x21-\x7e]+$/;
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
