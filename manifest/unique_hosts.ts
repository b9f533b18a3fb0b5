import { isHostProblem, parseHostPattern } from "../core/host_name.ts";
import { manifestError } from "./problem.ts";
import { nodeAt, originAt, originText, positionOf, type SourcedMap } from "./sourced.ts";

/** The normal form in which the hosts of routes are compared: lower case, no final dot, punycode. */
export function routeHostKey(host: string): string {
  const pattern = parseHostPattern(host);
  if (isHostProblem(pattern)) return host;
  return pattern.kind === "wildcard" ? `*${pattern.suffix}` : pattern.host.text;
}

/**
 * Refuses a bottle with two routes for one host: which of them decides would depend on their order.
 *
 * @param texts file texts for the excerpt.
 * @throws BottleError `manifest_route_twice` that names both places.
 */
export function requireUniqueHosts(tree: SourcedMap, texts: ReadonlyMap<string, string>): void {
  const routes = nodeAt(tree, ["egress", "routes"]);
  if (routes?.kind !== "list") return;
  const first = new Map<string, string>();
  for (const route of routes.items) {
    const host = nodeAt(route, ["host"]);
    if (host?.kind !== "scalar") continue;
    const key = routeHostKey(String(host.value));
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, originText(originAt(route, ["host"])));
      continue;
    }
    const position = positionOf(host.origin);
    throw manifestError(
      "manifest_route_twice",
      `Host ${key} already has a route at ${earlier}`,
      {
        position,
        text: texts.get(position.file),
        hint: "put both into one route, or leave one of the bottles out",
      },
    );
  }
}
