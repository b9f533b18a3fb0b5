import { deepEqual, equal } from "node:assert/strict";
import { type RouteDocument, routeSchema } from "../../core/route.ts";
import { inspectionOf } from "./inspection.ts";

const route = (dlp?: NonNullable<RouteDocument["dlp"]>) => ({
  document: routeSchema.parse({ host: "api.example.com", ...(dlp === undefined ? {} : { dlp }) }),
  maxBody: 1000,
});

Deno.test("inspectionOf() looks for tokens and known secrets and holds, unless a route says otherwise", () => {
  const detectors = ["token_patterns", "known_secrets"];
  deepEqual(inspectionOf(route(), false), {
    detectors,
    onMatch: "supervise",
    maxBody: 1000,
    strict: false,
  });
  const own = { outbound_detectors: ["financial" as const], outbound_on_match: "block" as const };
  deepEqual(inspectionOf(route(own), true), {
    detectors: ["financial"],
    onMatch: "block",
    maxBody: 1000,
    strict: true,
  });
});

Deno.test("inspectionOf() looks at nothing where a route asks for that, unless it is strict", () => {
  for (const none of [false, []] as const) {
    const asked = route({ outbound_detectors: none === false ? false : [...none] });
    equal(inspectionOf(asked, false), undefined);
    deepEqual(inspectionOf(asked, true)?.detectors, ["token_patterns", "known_secrets"]);
  }
});
