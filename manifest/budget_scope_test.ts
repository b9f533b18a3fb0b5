import assert from "node:assert/strict";
import { budgetScopes } from "./budget_scope.ts";
import { bottles, home, load } from "./test_fixture.ts";

Deno.test("budgetScopes() lists every scope that sets a budget, the most specific first", async () => {
  const effective = await load({
    ...bottles({
      root: "budget: {claude: 3}",
      middle: "extends: root",
      leaf: "extends: middle\nbudget: {codex: 2}",
    }),
    [home("agents/coder.md")]: "---\nbottle: leaf\nbudget: {claude: 1}\n---\n",
    [home("settings.yml")]: "budget: {claude: 4}\n",
  }, { agent: "coder", bottles: [] });
  assert.deepEqual(budgetScopes(effective), [
    { scope: "agent", name: "coder", budget: { claude: 1 } },
    { scope: "bottle", name: "leaf", budget: { codex: 2 } },
    { scope: "bottle", name: "root", budget: { claude: 3 } },
    { scope: "global", name: "", budget: { claude: 4 } },
  ]);
  assert.deepEqual(effective.bottle.budget, { claude: 3, codex: 2 });
});

Deno.test("budgetScopes() is empty when nobody sets a budget", async () => {
  assert.deepEqual(budgetScopes(await load({}, { bottles: [] })), []);
});
