import * as z from "zod";
import { routeSchema } from "./route.ts";

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const instant = z.string().regex(
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/,
  "expected an instant such as 2030-01-31T12:00:00Z",
).refine((text) => !Number.isNaN(Date.parse(text)), "there is no such instant");

/** A route of a live `routes.yaml`: one of a bottle's manifest, or one that ends by itself. */
export const liveRouteSchema = routeSchema.safeExtend({
  /** RFC 3339, UTC: the route is no route from then on, whether or not somebody removes it. */
  expires: instant.optional(),
});
/** A route as it stands in a live `routes.yaml`. */
export type LiveRoute = z.output<typeof liveRouteSchema>;

/** A route that somebody proposes: the host turns `ttl` into `expires` when it applies the file. */
export const proposedRouteSchema = liveRouteSchema.safeExtend({
  ttl: z.string().regex(/^[1-9]\d{0,3}[mhd]$/, "expected a time such as 30m, 2h or 1d").optional(),
}).refine((route) => route.ttl === undefined || route.expires === undefined, {
  path: ["ttl"],
  message: "a route has ttl or expires, not both",
});
/** A route as it stands in a proposal. */
export type ProposedRoute = z.output<typeof proposedRouteSchema>;

/** Whether a route has ended at `now`, milliseconds since the epoch. */
export function hasExpired({ expires }: Pick<LiveRoute, "expires">, now: number): boolean {
  return expires !== undefined && Date.parse(expires) <= now;
}

/**
 * The routes that take effect when a proposal is applied at `now` (milliseconds since the epoch): `ttl` counted
 * from then, and nothing that has ended.
 */
export function appliedRoutes(routes: readonly ProposedRoute[], now: number): LiveRoute[] {
  return routes.filter((route) => !hasExpired(route, now)).map(({ ttl, ...route }) =>
    ttl === undefined ? route : { ...route, expires: new Date(now + ttlMs(ttl)).toISOString() }
  );
}

/** `routes.yaml` of these routes. JSON is YAML, and one spelling leaves nothing to hide in a comment. */
export function routesFileText(routes: readonly ProposedRoute[]): string {
  return `${JSON.stringify({ routes }, null, 2)}\n`;
}

function ttlMs(ttl: string): number {
  return Number(ttl.slice(0, -1)) * UNITS[ttl.slice(-1) as keyof typeof UNITS];
}
