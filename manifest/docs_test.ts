import assert from "node:assert/strict";
import { join } from "node:path/posix";
import * as z from "zod";
import { routeSchema } from "../core/route.ts";
import { agentSchema } from "./agent_schema.ts";
import { bottleFileSchema } from "./bottle_schema.ts";
import { readCatalog } from "./catalog.ts";
import { knownKeys } from "../core/known_keys.ts";
import { loadManifest } from "./load.ts";
import { memoryFiles } from "./memory_files.ts";
import { settingsSchema } from "./settings_schema.ts";
import { home, PLACES } from "./test_fixture.ts";

const DOCUMENT = await Deno.readTextFile(join(import.meta.dirname!, "../docs/manifest.md"));

/** The documented files: blocks that name a file after the language. */
function documentedFiles(): Record<string, string> {
  const blocks = DOCUMENT.matchAll(/^```markdown (\S+)\n(.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(([, file, text]) => [home(file!), text!]));
}

Deno.test("every file shown in docs/manifest.md loads", async () => {
  const files = memoryFiles(documentedFiles());
  const catalog = await readCatalog(files, PLACES);
  assert.ok(catalog.bottles.length >= 6);
  for (const { name } of catalog.bottles) {
    await loadManifest(files, PLACES, catalog, { bottles: [name] });
  }
  for (const { name } of catalog.agents) {
    await loadManifest(files, PLACES, catalog, { agent: name, bottles: [] });
  }
});

Deno.test("docs/manifest.md says the truth about its diamond", async () => {
  const files = memoryFiles(documentedFiles());
  const catalog = await readCatalog(files, PLACES);
  const { bottle } = await loadManifest(files, PLACES, catalog, { bottles: ["both"] });
  assert.deepEqual(bottle.egress.routes.map(({ host }) => host), [
    "docs.example.com",
    "web.example.com",
    "api.example.com",
  ]);
  assert.deepEqual(bottle.env, { MODE: "plain" });
});

Deno.test("docs/manifest.md names every key of every schema", () => {
  const places: [z.ZodType, (string | number)[]][] = [
    [agentSchema, []],
    [bottleFileSchema, []],
    [bottleFileSchema, ["agent_provider"]],
    [bottleFileSchema, ["agent_provider", "settings"]],
    [bottleFileSchema, ["git-gate"]],
    [bottleFileSchema, ["git-gate", "user"]],
    [bottleFileSchema, ["git-gate", "repos", "any"]],
    [bottleFileSchema, ["git-gate", "repos", "any", "key"]],
    [bottleFileSchema, ["egress"]],
    [bottleFileSchema, ["resources"]],
    [bottleFileSchema, ["mounts", 0]],
    [routeSchema, []],
    [routeSchema, ["auth"]],
    [routeSchema, ["git"]],
    [routeSchema, ["dlp"]],
    [routeSchema, ["matches", 0]],
    [routeSchema, ["matches", 0, "paths", 0]],
    [routeSchema, ["matches", 0, "headers", 0]],
    [settingsSchema, []],
  ];
  for (const [schema, path] of places) {
    const keys = knownKeys(schema, path);
    assert.ok(keys.length > 0, path.join("."));
    for (const key of keys) {
      assert.match(
        DOCUMENT,
        new RegExp("[`{.\\s,\\]]" + key + "[`}:,.\\s]"),
        `${path.join(".")} ${key}`,
      );
    }
  }
});
