import assert from "node:assert/strict";
import { appliedRoutes, hasExpired, liveRouteSchema, proposedRouteSchema } from "./live_route.ts";
import { routeSchema } from "./route.ts";

const NOW = Date.parse("2030-01-31T12:00:00.000Z");

Deno.test("appliedRoutes() turns ttl into an instant and leaves out what has ended", () => {
  const routes = [
    { host: "a.example.com", ttl: "30m" },
    { host: "b.example.com", ttl: "2h" },
    { host: "c.example.com", ttl: "1d" },
    { host: "d.example.com", expires: "2030-01-31T12:00:00Z" },
    { host: "e.example.com", expires: "2030-01-31T12:00:01Z" },
    { host: "f.example.com" },
  ].map((route) => proposedRouteSchema.parse(route));
  assert.deepEqual(appliedRoutes(routes, NOW), [
    { host: "a.example.com", expires: "2030-01-31T12:30:00.000Z" },
    { host: "b.example.com", expires: "2030-01-31T14:00:00.000Z" },
    { host: "c.example.com", expires: "2030-02-01T12:00:00.000Z" },
    { host: "e.example.com", expires: "2030-01-31T12:00:01Z" },
    { host: "f.example.com" },
  ]);
  for (const route of appliedRoutes(routes, NOW)) {
    assert.ok(liveRouteSchema.safeParse(route).success);
    assert.ok(!hasExpired(route, NOW));
  }
});

for (
  const [what, route] of [
    ["a ttl without a unit", { ttl: "30" }],
    ["a ttl in seconds", { ttl: "30s" }],
    ["a ttl of nothing", { ttl: "0m" }],
    ["a ttl as a number", { ttl: 30 }],
    ["an instant without a zone", { expires: "2030-01-31T12:00:00" }],
    ["an instant that is none", { expires: "2030-13-31T12:00:00Z" }],
    ["a date", { expires: "2030-01-31" }],
    ["ttl and expires", { ttl: "1h", expires: "2030-01-31T12:00:00Z" }],
    ["a name that is none", { host: "a b", ttl: "1h" }],
  ] as const
) {
  Deno.test(`proposedRouteSchema refuses ${what}`, () => {
    assert.ok(proposedRouteSchema.safeParse({ host: "a.example.com", ttl: "1h" }).success);
    assert.ok(!proposedRouteSchema.safeParse({ host: "a.example.com", ...route }).success);
  });
}

Deno.test("only a proposal has ttl, and no manifest has expires", () => {
  assert.ok(!liveRouteSchema.safeParse({ host: "a.example.com", ttl: "1h" }).success);
  const expires = "2030-01-31T12:00:00Z";
  assert.ok(liveRouteSchema.safeParse({ host: "a.example.com", expires }).success);
  assert.ok(!routeSchema.safeParse({ host: "a.example.com", expires }).success);
});
