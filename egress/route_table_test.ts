import assert from "node:assert/strict";
import { isHostProblem, parseHost } from "../core/host_name.ts";
import { liveRouteSchema } from "../core/live_route.ts";
import { routeSchema } from "../core/route.ts";
import { field } from "./header_list.ts";
import { compileRoutes, findRoute, matchRoute, type MatchSubject } from "./route_table.ts";

function table(...routes: unknown[]) {
  return compileRoutes(routes.map((route) => routeSchema.parse(route)));
}

function host(text: string) {
  const parsed = parseHost(text);
  assert.ok(!isHostProblem(parsed));
  return parsed;
}

const HOSTS = table(
  { host: "*.example.com" },
  { host: "*.deep.example.com" },
  { host: "api.example.com" },
  { host: "10.0.0.1", allow_private: true },
);
const FOUND: readonly (readonly [string, string | undefined])[] = [
  ["api.example.com", "api.example.com"],
  ["API.example.com.", "api.example.com"],
  ["www.example.com", "*.example.com"],
  ["a.b.example.com", "*.example.com"],
  ["a.deep.example.com", "*.deep.example.com"],
  ["deep.example.com", "*.example.com"],
  ["example.com", undefined],
  ["notexample.com", undefined],
  ["10.0.0.1", "10.0.0.1"],
  ["10.0.0.2", undefined],
];
Deno.test("findRoute() finds no route from the instant at which it ends, and then a wider one", () => {
  const documents = [
    { host: "api.example.com", expires: "2030-01-31T12:00:00Z" },
    { host: "*.example.com" },
    { host: "other.example.org", expires: "2030-01-31T12:00:00.5Z" },
  ].map((route) => liveRouteSchema.parse(route));
  let now = Date.parse("2030-01-31T11:59:59.999Z");
  const ending = compileRoutes(documents, () => now);
  assert.equal(findRoute(ending, host("api.example.com"))?.label, "api.example.com");
  now++;
  assert.equal(findRoute(ending, host("api.example.com"))?.label, "*.example.com");
  assert.equal(findRoute(ending, host("other.example.org"))?.label, "other.example.org");
  now += 500;
  assert.equal(findRoute(ending, host("other.example.org")), undefined);
});

for (const [name, label] of FOUND) {
  Deno.test(`findRoute() finds ${label ?? "no route"} for ${name}`, () => {
    assert.equal(findRoute(HOSTS, host(name))?.label, label);
  });
}

const ROUTE = table({
  host: "example.com",
  matches: [
    { paths: [{ value: "/read/" }], methods: ["GET", "HEAD"] },
    { paths: [{ type: "exact", value: "/write" }], methods: ["POST"] },
    { paths: [{ type: "regex", value: "/items/[0-9]+" }] },
    {
      paths: [{ value: "/scoped/" }],
      headers: [{ name: "X-Scope", value: "a|b", type: "regex" }],
    },
    { paths: [{ value: "/ws" }], headers: [{ name: "upgrade", value: "websocket" }] },
  ],
}).routes[0]!;
const SUBJECTS: readonly (readonly [string, Partial<MatchSubject>, string])[] = [
  ["a path under a prefix", { path: "/read/x" }, "matched"],
  ["a prefix without its slash", { path: "/read" }, "other"],
  ["another method", { path: "/read/x", method: "POST" }, "method"],
  ["an exact path", { path: "/write", method: "POST" }, "matched"],
  ["more than an exact path", { path: "/write/x", method: "POST" }, "other"],
  ["a whole pattern", { path: "/items/42" }, "matched"],
  ["a pattern in the middle", { path: "/items/42/x" }, "other"],
  ["a missing header", { path: "/scoped/" }, "other"],
  ["a header", { path: "/scoped/", headers: [field("x-scope", "a")] }, "matched"],
  [
    "a header with a second line",
    { path: "/scoped/", headers: [field("x-scope", "a"), field("x-scope", "c")] },
    "other",
  ],
  ["a WebSocket that no entry names", { path: "/read/x", webSocket: true }, "upgrade"],
  [
    "a WebSocket that an entry names",
    { path: "/ws", webSocket: true, headers: [field("Upgrade", "websocket")] },
    "matched",
  ],
];
for (const [what, subject, result] of SUBJECTS) {
  Deno.test(`matchRoute() says ${result} to ${what}`, () => {
    const whole = { method: "GET", path: "/", headers: [], webSocket: false, ...subject };
    assert.equal(matchRoute(ROUTE, whole), result);
  });
}

Deno.test("matchRoute() lets everything through a route without matches, WebSockets too", () => {
  const open = table({ host: "example.com" }).routes[0]!;
  const subject = { method: "PUT", path: "/x", headers: [], webSocket: true };
  assert.equal(matchRoute(open, subject), "matched");
});
