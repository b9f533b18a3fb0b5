import type { RouteDocument } from "../core/route.ts";
import { completeManifest, type EffectiveManifest } from "./effective.ts";
import type { ManifestPlaces } from "./places.ts";
import { printable } from "../core/printable.ts";
import type { ManifestWarning } from "./problem.ts";
import {
  nodeAt,
  type Origin,
  originAt,
  originText,
  type Sourced,
  sourced,
  withNode,
} from "./sourced.ts";
import { routeHostKey } from "./unique_hosts.ts";

/**
 * `effective` with the routes that an agent's provider needs. They come first, and a manifest route for the
 * same host is dropped with a warning: the provider knows how its API is authenticated and metered.
 *
 * @throws BottleError as {@linkcode completeManifest}.
 */
export function withProviderRoutes(
  effective: EffectiveManifest,
  provider: string,
  routes: readonly RouteDocument[],
  places: ManifestPlaces,
): { readonly effective: EffectiveManifest; readonly warnings: readonly ManifestWarning[] } {
  const origin: Origin = { kind: "provider", name: provider };
  const own = routes.map((route) => sourced(route, () => origin));
  const hosts = new Set(routes.map((route) => routeHostKey(route.host)));
  const declared = nodeAt(effective.tree, ["egress", "routes"]);
  const warnings: ManifestWarning[] = [];
  const kept: Sourced[] = [];
  for (const route of declared?.kind === "list" ? declared.items : []) {
    const host = nodeAt(route, ["host"]);
    const text = host?.kind === "scalar" ? String(host.value) : "";
    if (!hosts.has(routeHostKey(text))) {
      kept.push(route);
      continue;
    }
    warnings.push({
      code: "route_replaced",
      message: printable(
        `The route for ${text} at ${
          originText(originAt(route, ["host"]))
        } is not used: provider ${provider} brings its own`,
      ),
    });
  }
  const tree = withNode(effective.tree, ["egress", "routes"], {
    kind: "list",
    items: [...own, ...kept],
    origin: declared?.origin ?? origin,
  });
  return { effective: completeManifest({ ...effective, tree }, places), warnings };
}
