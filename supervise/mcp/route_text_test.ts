import assert from "node:assert/strict";
import { proposedRouteSchema } from "../../core/live_route.ts";
import { parseProposedRoutes } from "../proposed_routes.ts";
import { routeSchemaText } from "./route_text.ts";
import { toolDescriptions } from "./tools.ts";

Deno.test("routeSchemaText() names every key of a route, and no other", () => {
  const named = [...routeSchemaText().matchAll(/^- (\w+)\??:/gm)].map(([, key]) => key!);
  assert.deepEqual(named.sort(), Object.keys(proposedRouteSchema.shape).sort());
});

Deno.test("routeSchemaText() gives an example that is valid", () => {
  const text = routeSchemaText();
  const example = text.slice(text.indexOf("Example:\n") + "Example:\n".length);
  assert.equal(parseProposedRoutes(example, "example", () => false).length, 1);
});

Deno.test("toolDescriptions() refuses unknown arguments, and says what each is for", () => {
  for (const { name, inputSchema } of toolDescriptions()) {
    assert.equal(inputSchema.additionalProperties, false, name);
    for (const [key, value] of Object.entries(inputSchema.properties ?? {})) {
      assert.ok((value as { description?: string }).description, `${name} ${key}`);
    }
  }
});
