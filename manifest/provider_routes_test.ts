import assert from "node:assert/strict";
import type { RouteDocument } from "../core/route.ts";
import { explainLines } from "./explain.ts";
import { withProviderRoutes } from "./provider_routes.ts";
import { resolveTokens, tokenRefs } from "./tokens.ts";
import { home, loadBottle, PLACES } from "./test_fixture.ts";

const API: RouteDocument = {
  host: "api.example.com",
  auth: { scheme: "Bearer", token_ref: "API_TOKEN" },
  dlp: { outbound_on_match: "redact" },
};

Deno.test("withProviderRoutes() puts the provider's routes before the manifest's", async () => {
  const before = await loadBottle("egress: {routes: [{host: docs.example.com}]}");
  const { effective, warnings } = withProviderRoutes(before, "claude", [API], PLACES);
  assert.deepEqual(effective.bottle.egress.routes, [API, { host: "docs.example.com" }]);
  assert.deepEqual(warnings, []);
  assert.deepEqual(before.bottle.egress.routes, [{ host: "docs.example.com" }]);
});

Deno.test("withProviderRoutes() works on a bottle without routes", async () => {
  const { effective } = withProviderRoutes(await loadBottle("env: {}"), "claude", [API], PLACES);
  assert.deepEqual(effective.bottle.egress.routes, [API]);
  assert.ok(
    explainLines(effective).some((line) =>
      /host: api\.example\.com +# provider claude$/.test(line)
    ),
  );
});

Deno.test("withProviderRoutes() drops a manifest route for the same host and warns", async () => {
  const { effective, warnings } = withProviderRoutes(
    await loadBottle(
      "egress:\n  routes:\n    - host: API.example.com.\n    - host: '*.example.com'",
    ),
    "claude",
    [API],
    PLACES,
  );
  assert.deepEqual(effective.bottle.egress.routes.map((route) => route.host), [
    "api.example.com",
    "*.example.com",
  ]);
  assert.deepEqual(warnings, [{
    code: "route_replaced",
    message: `The route for API.example.com. at ${
      home("bottles/dev.md")
    }:4 is not used: provider claude brings its own`,
  }]);
});

Deno.test("withProviderRoutes() makes the provider's credential a token like any other", async () => {
  const { effective } = withProviderRoutes(await loadBottle("env: {}"), "claude", [API], PLACES);
  assert.deepEqual(tokenRefs(effective).map((ref) => [ref.variable, ref.position.file]), [
    ["API_TOKEN", "provider claude"],
  ]);
  assert.throws(() => resolveTokens(effective, () => undefined), /provider claude/);
  const copied = await loadBottle("env: {X: '${API_TOKEN}'}");
  assert.throws(() => withProviderRoutes(copied, "claude", [API], PLACES), {
    code: "manifest_env",
  });
});
