import assert from "node:assert/strict";
import { type ProposedRoute, proposedRouteSchema } from "../core/live_route.ts";
import { routeChanges } from "./route_changes.ts";

const route = (extra: Record<string, unknown> = {}): ProposedRoute =>
  proposedRouteSchema.parse({ host: "api.example.com", ...extra });
const GET = [{ methods: ["GET"] }];

const model = (allow?: string[]) =>
  route({ matches: GET, model_api: { kind: "anthropic-messages", ...(allow && { allow }) } });

const WARNED: readonly (readonly [string, ProposedRoute | undefined, ProposedRoute, RegExp])[] = [
  ["a host with every request", undefined, route(), /every request/],
  ["a route that loses its matches", route({ matches: GET }), route(), /every request/],
  ["a wildcard", undefined, route({ host: "*.example.com", matches: GET }), /every name below/],
  [
    "a credential for another host",
    route({ matches: GET }),
    route({ matches: GET, auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" } }),
    /EGRESS_TOKEN_0 is sent to this host/,
  ],
  [
    "private addresses",
    route({ matches: GET }),
    route({ matches: GET, allow_private: true }),
    /private/,
  ],
  [
    "plain http",
    route({ matches: GET }),
    route({ matches: GET, insecure_http: true }),
    /plain http/,
  ],
  [
    "fewer detectors",
    route({ matches: GET }),
    route({ matches: GET, dlp: { outbound_detectors: false } }),
    /looked for/,
  ],
  [
    "a model API that is not checked any more",
    model(["web_search"]),
    route({ matches: GET }),
    /not checked any more/,
  ],
  [
    "a model API that is checked as another",
    model(),
    route({ matches: GET, model_api: { kind: "openai-completions" } }),
    /as openai-completions, no longer as anthropic-messages/,
  ],
  ...([
    ["files", /upload files/],
    ["web_search", /search the web/],
    ["web_fetch", /fetch any URL/],
    ["hosted_tools", /any MCP server/],
  ] as const).map(([extra, warning]) =>
    [`${extra} on a provider's side`, model(), model([extra]), warning] as const
  ),
  ["one more of them", model(["files"]), model(["files", "web_fetch"]), /fetch any URL/],
  [
    "a new route with such a thing",
    undefined,
    model(["web_search"]),
    /search the web/,
  ],
  [
    "a route that would have ended",
    route({ matches: GET, expires: "2030-01-31T12:00:00Z" }),
    route({ matches: GET }),
    /end by itself/,
  ],
];
for (const [what, before, after, warning] of WARNED) {
  Deno.test(`routeChanges() warns of ${what}`, () => {
    const [change, ...more] = routeChanges(
      before === undefined ? [] : [before],
      [after],
      "egress-allow",
    );
    assert.deepEqual(more, []);
    assert.equal(change?.kind, before === undefined ? "added" : "changed");
    assert.equal(change?.warnings.length, 1, JSON.stringify(change));
    assert.match(change?.warnings[0] ?? "", warning);
  });
}

Deno.test("routeChanges() does not warn of a model API that may do less", () => {
  const narrowed = routeChanges(
    [model(["files", "web_search"])],
    [model(["files"])],
    "egress-allow",
  );
  assert.deepEqual(narrowed.map(({ warnings }) => warnings), [[]]);
  const checked = routeChanges([route({ matches: GET })], [model()], "egress-allow");
  assert.deepEqual(checked.map(({ warnings }) => warnings), [[]]);
});

Deno.test("routeChanges() finds nothing between two spellings of the same", () => {
  const before = [route({ host: "API.example.com." }), route({ host: "b.example.com" })];
  const after = [route({ host: "b.example.com" }), route({ host: "API.example.com." })];
  assert.deepEqual(routeChanges(before, after, "egress-allow"), []);
});

Deno.test("routeChanges() says what goes, and warns of a block that lets more out", () => {
  const changes = routeChanges(
    [route({ matches: GET })],
    [route({ host: "new.example.com", matches: GET })],
    "egress-block",
  );
  assert.deepEqual(changes, [
    {
      host: "new.example.com",
      kind: "added",
      warnings: ["it is proposed as a block, but lets more out"],
    },
    { host: "api.example.com", kind: "removed", warnings: [] },
  ]);
});
