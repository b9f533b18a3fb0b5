import assert from "node:assert/strict";
import { type Catalog, readCatalog, withAgentsOf } from "./catalog.ts";
import { type AccessLog, memoryFiles, type MemoryTree } from "./memory_files.ts";
import { here, home, PLACES } from "./test_fixture.ts";

async function catalog(tree: MemoryTree, places = PLACES): Promise<Catalog> {
  return await readCatalog(memoryFiles(tree), places);
}

const names = (entries: readonly { name: string }[]) => entries.map((entry) => entry.name);
const codes = (list: Catalog) => list.warnings.map((warning) => warning.code);

Deno.test("readCatalog() lists by file name and opens no file", async () => {
  const log: AccessLog = { read: [], listed: [] };
  const files = memoryFiles({
    [home("bottles/dev.md")]: "broken",
    [home("bottles/base.md")]: "---\n---\n",
    [home("agents/reviewer.md")]: "broken",
    [here(".bot-bottle/agents/coder.md")]: "broken",
  }, log);
  const list = await readCatalog(files, PLACES);
  assert.deepEqual(names(list.bottles), ["base", "dev"]);
  assert.deepEqual(list.agents, [
    { name: "coder", file: here(".bot-bottle/agents/coder.md"), place: "working directory" },
    { name: "reviewer", file: home("agents/reviewer.md"), place: "home" },
  ]);
  assert.deepEqual(list.warnings, []);
  assert.deepEqual(log.read, []);
});

Deno.test("readCatalog() finds nothing where nothing is", async () => {
  assert.deepEqual(await catalog({}), { agents: [], bottles: [], warnings: [] });
});

Deno.test("readCatalog() skips other names with a warning each", async () => {
  const list = await catalog({
    [home("bottles/Dev.md")]: "",
    [home("bottles/1st.md")]: "",
    [home("bottles/dev.yaml")]: "",
    [home("bottles/.hidden.md")]: "",
    [home("bottles/a b.md")]: "",
    [home("bottles/.md")]: "",
    [home("bottles/folder.md/inner")]: "",
    [home("bottles/ok-2.md")]: "",
  });
  assert.deepEqual(names(list.bottles), ["ok-2"]);
  assert.deepEqual(codes(list), Array(7).fill("file_skipped"));
  assert.match(
    list.warnings[0]!.message,
    /^Skipping .*: a manifest is named in lower-case letters/,
  );
});

Deno.test("readCatalog() shows no control character of a file name", async () => {
  const list = await catalog({ [here(".bot-bottle/agents/\x1b[2J.md")]: "" });
  assert.equal(list.warnings.length, 1);
  assert.doesNotMatch(list.warnings[0]!.message, /\p{Cc}/u);
});

Deno.test("readCatalog() lets the working directory win, and says what it hides", async () => {
  const list = await catalog({
    [home("agents/coder.md")]: "",
    [here(".bot-bottle/agents/coder.md")]: "",
  });
  assert.deepEqual(list.agents, [{
    name: "coder",
    file: here(".bot-bottle/agents/coder.md"),
    place: "working directory",
    shadows: home("agents/coder.md"),
  }]);
});

Deno.test("withAgentsOf() gives agents of one place, also those that others hide", async () => {
  const list = await catalog({
    [home("agents/coder.md")]: "",
    [home("agents/mine.md")]: "",
    [here(".bot-bottle/agents/coder.md")]: "",
    [here(".bot-bottle/agents/theirs.md")]: "",
  });
  const files = (place: "home" | "working directory") =>
    withAgentsOf(list, place).agents.map(({ file }) => file);
  assert.deepEqual(files("home"), [home("agents/coder.md"), home("agents/mine.md")]);
  assert.deepEqual(files("working directory"), [
    here(".bot-bottle/agents/coder.md"),
    here(".bot-bottle/agents/theirs.md"),
  ]);
});

Deno.test("readCatalog() keeps a file name with newlines on one line", async () => {
  const list = await catalog({ [here(".bot-bottle/agents/a\nbot-bottle: all is well.md")]: "" });
  assert.equal(list.warnings.length, 1);
  assert.doesNotMatch(list.warnings[0]!.message, /\n/);
});

Deno.test("readCatalog() ignores bottles of the working directory and warns", async () => {
  const list = await catalog({
    [home("bottles/dev.md")]: "",
    [here(".bot-bottle/bottles/evil.md")]: "",
    [here(".bot-bottle/bottles/dev.md")]: "",
  });
  assert.deepEqual(list.bottles, [{ name: "dev", file: home("bottles/dev.md"), place: "home" }]);
  assert.deepEqual(codes(list), ["bottles_ignored"]);
});

Deno.test("readCatalog() follows no link in the working directory", async () => {
  const outside = { "/etc/agents/coder.md": "---\n---\n", "/etc/secret": "text" };
  for (
    const link of [
      { [here(".bot-bottle")]: { link: "/etc" } },
      { [here(".bot-bottle/agents")]: { link: "/etc/agents" } },
      { [here(".bot-bottle/agents/coder.md")]: { link: "/etc/secret" } },
    ]
  ) {
    const list = await catalog({ ...outside, ...link });
    assert.deepEqual(list.agents, []);
    assert.equal(list.warnings.length, 1);
    assert.match(list.warnings[0]!.message, /symbolic link/);
  }
});

Deno.test("readCatalog() accepts the operator's own links in the home folder", async () => {
  const list = await catalog({
    "/home/me/dotfiles/dev.md": "---\n---\n",
    [home("bottles/dev.md")]: { link: "/home/me/dotfiles/dev.md" },
  });
  assert.deepEqual(names(list.bottles), ["dev"]);
});

Deno.test("readCatalog() does not warn about the home folder when started in it", async () => {
  const list = await catalog(
    { [home("bottles/dev.md")]: "", [home("agents/coder.md")]: "" },
    { ...PLACES, workingDirectory: PLACES.userHome },
  );
  assert.deepEqual(names(list.agents), ["coder"]);
  assert.equal(list.agents[0]!.place, "home");
  assert.deepEqual(list.warnings, []);
});

Deno.test("readCatalog() refuses a bot-bottle.json without the folder, and says how to move", async () => {
  await assert.rejects(catalog({ [here("bot-bottle.json")]: "{}" }), {
    code: "manifest_legacy",
    exit: 3,
    message: `Cannot use ${here("bot-bottle.json")}: manifests are Markdown files now`,
    hint: `move each bottle to ${home("bottles/NAME.md")} and each agent to ${
      here(".bot-bottle/agents/NAME.md")
    }, then delete bot-bottle.json; docs/manifest.md shows both`,
  });
  await assert.rejects(catalog({ "/home/me/bot-bottle.json": "{}" }), { code: "manifest_legacy" });
});

Deno.test("readCatalog() overlooks a bot-bottle.json that has the folder beside it", async () => {
  const list = await catalog({
    [here("bot-bottle.json")]: "{}",
    [here(".bot-bottle/agents/coder.md")]: "",
  });
  assert.deepEqual(names(list.agents), ["coder"]);
});
