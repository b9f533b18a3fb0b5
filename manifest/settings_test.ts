import assert from "node:assert/strict";
import { memoryFiles } from "./memory_files.ts";
import { loadSettings } from "./settings.ts";
import { settingsSchema } from "./settings_schema.ts";
import { home, PLACES } from "./test_fixture.ts";

Deno.test("loadSettings() reads every key", async () => {
  const files = memoryFiles({
    [home("settings.yml")]:
      "budget: {claude: 5000000, codex: 2000000}\nshutdown: cutoff\nbackend: bubblewrap\n" +
      "upstream_ca: ~/corp.pem\nupstream_proxy: http://proxy.corp.example:3128\n",
  });
  assert.deepEqual((await loadSettings(files, PLACES)).settings, {
    budget: { claude: 5000000, codex: 2000000 },
    shutdown: "cutoff",
    backend: "bubblewrap",
    upstream_ca: "~/corp.pem",
    upstream_proxy: "http://proxy.corp.example:3128",
  });
});

Deno.test("loadSettings() takes a missing or empty file for no settings", async () => {
  assert.deepEqual((await loadSettings(memoryFiles({}), PLACES)).settings, {});
  const empty = memoryFiles({ [home("settings.yml")]: "# nothing\n" });
  assert.deepEqual((await loadSettings(empty, PLACES)).settings, {});
});

Deno.test("loadSettings() refuses a file it cannot read instead of going without limits", async () => {
  const files = {
    ...memoryFiles({}),
    readText: () => Promise.reject(new Error("permission denied")),
  };
  await assert.rejects(loadSettings(files, PLACES), { code: "manifest_unreadable", exit: 3 });
});

Deno.test("settings refuse unknown keys and values", () => {
  for (
    const value of [
      { backend: "podman" },
      { shutdown: "stop" },
      { budget: { claude: "much" } },
      { upstream_ca: "corp.pem" },
      { routes: [] },
      { colour: "red" },
    ]
  ) assert.ok(!settingsSchema.safeParse(value).success, JSON.stringify(value));
});
