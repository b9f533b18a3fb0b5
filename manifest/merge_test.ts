import assert from "node:assert/strict";
import fc from "fast-check";
import { foldBottles, mergeBottles, type MergeMode, overlayGitUser } from "./merge.ts";
import {
  EMPTY_MAP,
  nodeAt,
  originText,
  plainValue,
  type Sourced,
  sourced,
  type SourcedMap,
} from "./sourced.ts";

function bottle(value: unknown, file = "x"): SourcedMap {
  const node = sourced(value, () => ({ kind: "file", position: { file, line: 1, column: 1 } }));
  assert.equal(node.kind, "map");
  return node as SourcedMap;
}

const repo = (url: string, refs?: string[]) => refs === undefined ? { url } : { url, refs };

/** name, lower, upper, folded, child over parent (when it differs). */
const TABLE: [string, unknown, unknown, unknown, unknown?][] = [
  ["env by key", { env: { A: "1", B: "2" } }, { env: { B: "3", C: "4" } }, {
    env: { A: "1", B: "3", C: "4" },
  }],
  ["an empty env adds nothing", { env: { A: "1" } }, { env: {} }, { env: { A: "1" } }],
  [
    "git-gate.user per field, non-empty wins",
    { "git-gate": { user: { name: "A", email: "a@example.org" } } },
    { "git-gate": { user: { name: "B", email: "" } } },
    { "git-gate": { user: { name: "B", email: "a@example.org" } } },
  ],
  [
    "git-gate.repos union by name, per field",
    {
      "git-gate": { repos: { app: repo("https://a.example/x", ["refs/heads/*"]), lib: repo("l") } },
    },
    { "git-gate": { repos: { app: { url: "https://b.example/x" }, doc: repo("d") } } },
    {
      "git-gate": {
        repos: {
          app: repo("https://b.example/x", ["refs/heads/*"]),
          lib: repo("l"),
          doc: repo("d"),
        },
      },
    },
  ],
  [
    "an empty map of repos adds nothing in a fold and clears in a child",
    { "git-gate": { repos: { app: repo("a") }, user: { name: "A" } } },
    { "git-gate": { repos: {} } },
    { "git-gate": { repos: { app: repo("a") }, user: { name: "A" } } },
    { "git-gate": { repos: {}, user: { name: "A" } } },
  ],
  [
    "a git-gate without repos clears nothing",
    { "git-gate": { repos: { app: repo("a") } } },
    { "git-gate": { user: { name: "B" } } },
    { "git-gate": { repos: { app: repo("a") }, user: { name: "B" } } },
  ],
  [
    "egress.routes concatenate",
    { egress: { routes: [{ host: "a.example" }] } },
    { egress: { routes: [{ host: "b.example" }] } },
    { egress: { routes: [{ host: "a.example" }, { host: "b.example" }] } },
  ],
  [
    "an empty list of routes takes none away",
    { egress: { routes: [{ host: "a.example" }] } },
    { egress: { routes: [] } },
    { egress: { routes: [{ host: "a.example" }] } },
  ],
  ["egress.log: the later wins", { egress: { log: 2 } }, { egress: { log: 0 } }, {
    egress: { log: 0 },
  }],
  [
    "egress: what the upper does not declare stays",
    { egress: { log: 1, upstream_proxy: "http://p.example:1" } },
    { egress: { upstream_ca: "~/ca.pem" } },
    { egress: { log: 1, upstream_proxy: "http://p.example:1", upstream_ca: "~/ca.pem" } },
  ],
  [
    "egress.hosts by key",
    { egress: { hosts: { "a.example": "192.0.2.1", "b.example": "192.0.2.2" } } },
    { egress: { hosts: { "b.example": "192.0.2.3" } } },
    { egress: { hosts: { "a.example": "192.0.2.1", "b.example": "192.0.2.3" } } },
  ],
  [
    "agent_provider as a whole",
    { agent_provider: { template: "claude", auth_token: "CLAUDE" } },
    { agent_provider: { template: "codex" } },
    { agent_provider: { template: "codex" } },
  ],
  ["supervise: the later wins", { supervise: true }, { supervise: false }, { supervise: false }],
  ["shutdown: the later wins", { shutdown: "kill" }, { shutdown: "freeze" }, {
    shutdown: "freeze",
  }],
  [
    "resources as a whole",
    { resources: { memory: "4g", pids: 100 } },
    { resources: { cpus: 2 } },
    { resources: { cpus: 2 } },
  ],
  ["budget by key", { budget: { claude: 1, codex: 2 } }, { budget: { codex: 3 } }, {
    budget: { claude: 1, codex: 3 },
  }],
  [
    "mounts concatenate",
    { mounts: [{ from: "/a", to: "/mnt/a" }] },
    { mounts: [{ from: "/b", to: "/mnt/b" }] },
    { mounts: [{ from: "/a", to: "/mnt/a" }, { from: "/b", to: "/mnt/b" }] },
  ],
  ["fields of both", { supervise: true }, { shutdown: "kill" }, {
    supervise: true,
    shutdown: "kill",
  }],
];

for (const [name, lower, upper, folded, child] of TABLE) {
  Deno.test(`mergeBottles() merges: ${name}`, () => {
    const merge = (mode: MergeMode) => plainValue(mergeBottles(bottle(lower), bottle(upper), mode));
    assert.deepEqual(merge("fold"), folded);
    assert.deepEqual(merge("child"), child ?? folded);
  });
}

Deno.test("mergeBottles() keeps the origin of every value", () => {
  const merged = mergeBottles(
    bottle({ env: { A: "1", B: "2" } }, "low"),
    bottle({ env: { B: "3" } }, "high"),
    "child",
  );
  assert.equal(originText(nodeAt(merged, ["env", "A"])!.origin), "low:1");
  assert.equal(originText(nodeAt(merged, ["env", "B"])!.origin), "high:1");
});

Deno.test("foldBottles() counts a route that arrives twice from one declaration once", () => {
  const base = bottle({ egress: { routes: [{ host: "a.example" }] } });
  const left = mergeBottles(base, bottle({ egress: { routes: [{ host: "l.example" }] } }), "child");
  const right = mergeBottles(
    base,
    bottle({ egress: { routes: [{ host: "r.example" }] } }),
    "child",
  );
  assert.deepEqual(plainValue(foldBottles([left, right])), {
    egress: { routes: [{ host: "a.example" }, { host: "l.example" }, { host: "r.example" }] },
  });
});

Deno.test("foldBottles() keeps a route that two files declare twice, for the check to find", () => {
  const twice = foldBottles([
    bottle({ egress: { routes: [{ host: "a.example" }] } }),
    bottle({ egress: { routes: [{ host: "a.example" }] } }),
  ]);
  assert.deepEqual(plainValue(twice), {
    egress: { routes: [{ host: "a.example" }, { host: "a.example" }] },
  });
});

Deno.test("overlayGitUser() overlays per field, and empty fields change nothing", () => {
  const base = bottle({
    "git-gate": { user: { name: "A", email: "a@example.org" }, repos: { x: {} } },
  });
  assert.deepEqual(plainValue(overlayGitUser(base, bottle({ name: "", email: "b@example.org" }))), {
    "git-gate": { user: { name: "A", email: "b@example.org" }, repos: { x: {} } },
  });
  assert.deepEqual(plainValue(overlayGitUser(bottle({}), bottle({ name: "N" }))), {
    "git-gate": { user: { name: "N" } },
  });
});

const name = fc.constantFrom("A", "B", "C");
const text = fc.constantFrom("", "x", "y", "z");
const byName = (value: fc.Arbitrary<unknown>) => fc.dictionary(name, value, { maxKeys: 3 });
const anyBottle = fc.record({
  env: byName(text),
  "git-gate": fc.record({
    user: fc.record({ name: text, email: text }, { requiredKeys: [] }),
    repos: byName(
      fc.record({ url: text, refs: fc.array(text, { maxLength: 2 }) }, { requiredKeys: [] }),
    ),
  }, { requiredKeys: [] }),
  egress: fc.record({
    log: fc.constantFrom(0, 1, 2),
    upstream_ca: text,
    hosts: byName(text),
    routes: fc.array(fc.record({ host: text }), { maxLength: 3 }),
  }, { requiredKeys: [] }),
  agent_provider: fc.record({ template: text, auth_token: text }, { requiredKeys: ["template"] }),
  budget: byName(fc.nat(9)),
  supervise: fc.boolean(),
  shutdown: text,
  resources: fc.record({ memory: text, pids: fc.nat(9) }, { requiredKeys: [] }),
  mounts: fc.array(fc.record({ from: text, to: text }), { maxLength: 2 }),
}, { requiredKeys: [] });

const anyTree = fc.tuple(anyBottle, fc.uuid()).map(([value, file]) => bottle(value, file));
// Some trees share nodes, as the arms of a diamond do.
const threeTrees = fc.tuple(anyTree, anyTree, anyTree).chain(([a, b, c]) =>
  fc.constantFrom(
    [a, b, c] as const,
    [a, mergeBottles(a, b, "child"), c] as const,
    [mergeBottles(a, b, "child"), mergeBottles(a, c, "child"), b] as const,
  )
);

/** Every scalar with its origin. */
function leaves(node: Sourced): unknown {
  if (node.kind === "scalar") return [node.value, originText(node.origin)];
  if (node.kind === "list") return node.items.map(leaves);
  return Object.fromEntries([...node.members].map(([key, inner]) => [key, leaves(inner)]));
}

Deno.test("the parent fold is associative, origins included", () => {
  fc.assert(fc.property(threeTrees, ([a, b, c]) => {
    const left = mergeBottles(mergeBottles(a, b, "fold"), c, "fold");
    const right = mergeBottles(a, mergeBottles(b, c, "fold"), "fold");
    assert.deepEqual(leaves(left), leaves(right));
  }));
});

Deno.test("an empty parent is the identity of the fold, on either side", () => {
  fc.assert(fc.property(anyTree, (tree) => {
    assert.deepEqual(leaves(mergeBottles(EMPTY_MAP, tree, "fold")), leaves(tree));
    assert.deepEqual(leaves(mergeBottles(tree, EMPTY_MAP, "fold")), leaves(tree));
    assert.deepEqual(leaves(foldBottles([tree])), leaves(tree));
  }));
});

Deno.test("folding the same bottle twice changes nothing", () => {
  fc.assert(fc.property(anyTree, (tree) => {
    assert.deepEqual(leaves(foldBottles([tree, tree])), leaves(foldBottles([tree])));
  }));
});

Deno.test("a child wins wherever it declares a value", () => {
  fc.assert(fc.property(anyTree, anyTree, (parent, child) => {
    const merged = mergeBottles(parent, child, "child");
    for (const path of scalarPaths(child)) {
      const own = nodeAt(child, path)!;
      if (path[1] === "user" && own.kind === "scalar" && own.value === "") continue;
      assert.equal(nodeAt(merged, path), own, path.join("."));
    }
    const routes = (tree: SourcedMap) => nodeAt(tree, ["egress", "routes"]);
    const [own, both] = [routes(child), routes(merged)];
    if (own?.kind === "list" && both?.kind === "list") {
      assert.deepEqual(both.items.slice(both.items.length - own.items.length), own.items);
    }
  }));
});

/** Paths of scalars outside lists. */
function scalarPaths(node: Sourced, path: string[] = []): string[][] {
  if (node.kind === "scalar") return [path];
  if (node.kind === "list") return [];
  return [...node.members].flatMap(([key, inner]) => scalarPaths(inner, [...path, key]));
}

Deno.test("merging changes neither side", () => {
  fc.assert(fc.property(anyTree, anyTree, fc.constantFrom("fold", "child"), (a, b, mode) => {
    const before = [leaves(a), leaves(b)];
    mergeBottles(a, b, mode as MergeMode);
    assert.deepEqual([leaves(a), leaves(b)], before);
  }));
});
