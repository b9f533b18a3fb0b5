import assert from "node:assert/strict";
import { BottleError } from "../core/errors.ts";
import { readCatalog } from "./catalog.ts";
import { BottleResolver } from "./extends.ts";
import { type AccessLog, memoryFiles, type MemoryTree } from "./memory_files.ts";
import { plainValue } from "./sourced.ts";
import { bottles, here, home, load, PLACES } from "./test_fixture.ts";

async function failure(tree: MemoryTree, name: string): Promise<BottleError> {
  try {
    await load(tree, { bottles: [name] });
  } catch (error) {
    assert.ok(error instanceof BottleError);
    assert.equal(error.exit, 3);
    return error;
  }
  throw new Error("nothing was refused");
}

async function resolverOf(tree: MemoryTree, log?: AccessLog): Promise<BottleResolver> {
  const files = memoryFiles(tree, log);
  return new BottleResolver(files, PLACES, (await readCatalog(files, PLACES)).bottles);
}

Deno.test("a child wins over its parent, through several generations", async () => {
  const { bottle, lineage } = await load(
    bottles({
      root: "env: {A: root, B: root, C: root}",
      middle: "extends: root\nenv: {B: middle, C: middle}",
      leaf: "extends: [middle]\nenv: {C: leaf}",
    }),
    { bottles: ["leaf"] },
  );
  assert.deepEqual(bottle.env, { A: "root", B: "middle", C: "leaf" });
  assert.deepEqual(lineage.map(({ name }) => name), ["root", "middle", "leaf"]);
});

Deno.test("several parents fold from left to right, then the child on top", async () => {
  const tree = bottles({
    one: "env: {A: one, B: one, C: one}",
    two: "env: {B: two, C: two}",
    child: "extends: [one, two]\nenv: {C: child}",
    turned: "extends: [two, one]",
  });
  assert.deepEqual((await load(tree, { bottles: ["child"] })).bottle.env, {
    A: "one",
    B: "two",
    C: "child",
  });
  assert.deepEqual((await load(tree, { bottles: ["turned"] })).bottle.env, {
    A: "one",
    B: "one",
    C: "one",
  });
});

Deno.test("a diamond shares its top: read once, its routes counted once", async () => {
  const log: AccessLog = { read: [], listed: [] };
  const resolver = await resolverOf(
    bottles({
      top: "egress: {routes: [{host: top.example.com}]}\nmounts: [{from: /srv/a, to: /mnt/a}]",
      left: "extends: top\negress: {routes: [{host: left.example.com}]}",
      right: "extends: top\negress: {routes: [{host: right.example.com}]}",
      bottom: "extends: [left, right]",
    }),
    log,
  );
  const { tree, lineage } = await resolver.resolve("bottom");
  assert.deepEqual(plainValue(tree), {
    egress: {
      routes: [{ host: "top.example.com" }, { host: "left.example.com" }, {
        host: "right.example.com",
      }],
    },
    mounts: [{ from: "/srv/a", to: "/mnt/a" }],
  });
  assert.deepEqual(lineage.map(({ name }) => name), ["top", "left", "right", "bottom"]);
  assert.equal(log.read.filter((file) => file === home("bottles/top.md")).length, 1);
  assert.equal((await resolver.resolve("bottom")).tree, tree);
});

Deno.test("extends itself is not inherited, and an empty list has no parents", async () => {
  const resolver = await resolverOf(bottles({ a: "extends: []\nenv: {A: x}", b: "extends: a" }));
  assert.deepEqual(plainValue((await resolver.resolve("b")).tree), { env: { A: "x" } });
});

Deno.test("a bottle that extends itself is refused", async () => {
  const error = await failure(bottles({ a: "extends: a" }), "a");
  assert.equal(error.code, "manifest_extends");
  assert.equal(
    error.message.split("\n")[0],
    `${home("bottles/a.md")}:2:10: Bottle "a" extends itself (a → a)`,
  );
});

Deno.test("a circle through any edge is refused, and the message names the chain", async () => {
  const tree = bottles({
    a: "extends: [ok, b]",
    b: "extends:\n  - ok\n  - c",
    c: "extends: [a]",
    ok: "env: {}",
    start: "extends: a",
  });
  const chains: Record<string, string> = {
    a: "a → b → c → a",
    b: "b → c → a → b",
    start: "a → b → c → a",
  };
  for (const [name, chain] of Object.entries(chains)) {
    const error = await failure(tree, name);
    assert.equal(error.code, "manifest_extends");
    assert.match(error.message, new RegExp(`in a circle \\(${chain}\\)`));
  }
});

Deno.test("an undefined parent is refused with the chain, the place and the nearest name", async () => {
  const tree = bottles({ child: "extends: [base, midle]", base: "env: {}", middle: "env: {}" });
  const error = await failure({ ...tree, ...bottles({ top: "extends: child" }) }, "top");
  assert.equal(error.code, "manifest_extends");
  assert.equal(
    error.message,
    `${home("bottles/child.md")}:2:17: Bottle "midle" does not exist (top → child → midle)\n` +
      "  2 | extends: [base, midle]\n    |                 ^",
  );
  assert.equal(error.hint, "did you mean middle?");
});

Deno.test("a parent is a name, never a path", async () => {
  const tree = { ...bottles({ dev: "extends: ../../secret" }), "/home/me/secret.md": "---\n---\n" };
  assert.match((await failure(tree, "dev")).message, /"\.\.\/\.\.\/secret" does not exist/);
});

Deno.test("an entry that is no text is refused with the chain and its place", async () => {
  const cases: [string, string][] = [
    ["extends: 7", "2:10: extends must be the name of a bottle, found number 7 (dev)"],
    ["extends:", "2:9: extends must be the name of a bottle, found nothing (dev)"],
    ["extends: {a: b}", "2:10: extends must be the name of a bottle, found a map (dev)"],
    ['extends: ""', "2:10: extends must be the name of a bottle, found an empty text (dev)"],
    [
      "extends: [base, true]",
      "2:17: entry 2 of extends must be the name of a bottle, found boolean true (dev)",
    ],
    [
      "extends:\n  - [base]",
      "3:5: entry 1 of extends must be the name of a bottle, found a list (dev)",
    ],
  ];
  for (const [yaml, expected] of cases) {
    const error = await failure(bottles({ dev: yaml, base: "env: {}" }), "dev");
    assert.equal(error.code, "manifest_extends");
    assert.equal(error.message.split("\n")[0], `${home("bottles/dev.md")}:${expected}`);
  }
});

Deno.test("an error in a parent is shown at its own place", async () => {
  const error = await failure(
    bottles({ dev: "extends: base", base: "env: {A: b}\nnope: 1" }),
    "dev",
  );
  assert.match(error.message, /^\/home\/me\/\.bot-bottle\/bottles\/base\.md:3:1: Unknown key nope/);
});

Deno.test("a bottle that is a link into the working directory is refused", async () => {
  for (
    const link of [
      { [home("bottles/dev.md")]: { link: here("dev.md") } },
      { [home("bottles")]: { link: here("") }, [here("dev.md")]: "---\n---\n" },
    ]
  ) {
    const error = await failure({ [here("dev.md")]: "---\n---\n", ...link }, "dev");
    assert.equal(error.code, "manifest_untrusted");
  }
});

Deno.test("a bottle that is a link to the operator's dotfiles is read", async () => {
  const tree = {
    "/home/me/dotfiles/dev.md": "---\nenv: {A: linked}\n---\n",
    [home("bottles/dev.md")]: { link: "/home/me/dotfiles/dev.md" },
  };
  assert.deepEqual((await load(tree, { bottles: ["dev"] })).bottle.env, { A: "linked" });
});
