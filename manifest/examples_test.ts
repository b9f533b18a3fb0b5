import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { readCatalog } from "./catalog.ts";
import { explainLines } from "./explain.ts";
import { loadManifest } from "./load.ts";
import { memoryFiles, type MemoryTree } from "./memory_files.ts";
import { resolveTokens, tokenRefs } from "./tokens.ts";
import { home, PLACES } from "./test_fixture.ts";

const EXAMPLES = join(import.meta.dirname!, "../examples");

/** The examples as they would stand in the home folder. */
async function exampleTree(): Promise<MemoryTree> {
  const tree: Record<string, string> = {
    [home("settings.yml")]: await Deno.readTextFile(join(EXAMPLES, "settings.yml")),
  };
  for (const folder of ["agents", "bottles"]) {
    for await (const entry of Deno.readDir(join(EXAMPLES, folder))) {
      const file = `${folder}/${entry.name}`;
      tree[home(file)] = await Deno.readTextFile(join(EXAMPLES, file));
    }
  }
  return tree;
}

Deno.test("every example is listed, loads and can be explained", async () => {
  const files = memoryFiles(await exampleTree());
  const catalog = await readCatalog(files, PLACES);
  assert.deepEqual(catalog.warnings, []);
  assert.deepEqual(catalog.agents.map(({ name }) => name), ["implementer", "reviewer"]);
  assert.deepEqual(catalog.bottles.map(({ name }) => name), [
    "base",
    "dev",
    "forge",
    "offline",
    "packages",
  ]);
  const choices = [
    ...catalog.agents.map(({ name }) => ({ agent: name, bottles: [] })),
    ...catalog.bottles.map(({ name }) => ({ bottles: [name] })),
    { agent: "reviewer", bottles: ["base", "packages"] },
  ];
  for (const choice of choices) {
    const effective = await loadManifest(files, PLACES, catalog, choice);
    assert.ok(explainLines(effective).length > 3, JSON.stringify(choice));
  }
});

Deno.test("the implementer example gets what its parents say", async () => {
  const files = memoryFiles(await exampleTree());
  const catalog = await readCatalog(files, PLACES);
  const choice = { agent: "implementer", bottles: [] };
  const effective = await loadManifest(files, PLACES, catalog, choice);
  assert.deepEqual(effective.lineage.map(({ name }) => name), ["base", "packages", "forge", "dev"]);
  assert.deepEqual(effective.bottle.egress.routes.map(({ host }) => host), [
    "packages.example.com",
    "git.example.org",
    "api.example.org",
    "*.docs.example.com",
  ]);
  assert.deepEqual(effective.bottle.budget, { claude: 2000000 });
  assert.equal(effective.bottle["git-gate"].user.name, "Implementer");
  assert.equal(effective.bottle.shutdown, "freeze");
  assert.deepEqual(tokenRefs(effective).map(({ variable }) => variable), ["FORGE_TOKEN"]);
  assert.throws(
    () => resolveTokens(effective, () => ""),
    /forge\.md:15:.*FORGE_TOKEN, which is empty/,
  );
});
