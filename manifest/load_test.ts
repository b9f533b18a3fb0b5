import assert from "node:assert/strict";
import fc from "fast-check";
import { BottleError } from "../core/errors.ts";
import { readCatalog } from "./catalog.ts";
import { loadManifest } from "./load.ts";
import { type AccessLog, memoryFiles } from "./memory_files.ts";
import { originAt, originText } from "./sourced.ts";
import { bottles, here, home, load, loadBottle, PLACES } from "./test_fixture.ts";

const agent = (yaml: string, body = "Be brief.") => ({
  [home("agents/coder.md")]: `---\n${yaml}\n---\n${body}\n`,
});

Deno.test("an agent gets its own bottle, its prompt and its skills", async () => {
  const effective = await load(
    { ...bottles({ dev: "env: {A: x}" }), ...agent("bottle: dev\nskills: [commit-style]") },
    { agent: "coder", bottles: [] },
  );
  assert.deepEqual(effective.bottles, ["dev"]);
  assert.equal(effective.agent?.prompt, "Be brief.");
  assert.deepEqual(effective.agent?.skills, ["commit-style"]);
  assert.deepEqual(effective.bottle.env, { A: "x" });
});

Deno.test("bottles picked at start replace the agent's own, merged in the order picked", async () => {
  const tree = {
    ...bottles({ own: "env: {OWN: x}", one: "env: {A: one}", two: "env: {A: two}" }),
    ...agent("bottle: own"),
  };
  const pick = async (...names: string[]) =>
    (await load(tree, { agent: "coder", bottles: names })).bottle.env;
  assert.deepEqual(await pick("one", "two"), { A: "two" });
  assert.deepEqual(await pick("two", "one"), { A: "one" });
});

Deno.test("bottles picked at start merge by the rules of the fold: an empty repos map clears nothing", async () => {
  const tree = bottles({
    one: "git-gate: {repos: {app: {url: https://git.example.org/app.git}}}",
    two: "git-gate: {repos: {}}",
    child: "extends: one\ngit-gate: {repos: {}}",
  });
  const repos = async (...names: string[]) =>
    Object.keys((await load(tree, { bottles: names })).bottle["git-gate"].repos);
  assert.deepEqual(await repos("one", "two"), ["app"]);
  assert.deepEqual(await repos("child"), []);
  assert.deepEqual(await repos("child", "one"), ["app"]);
});

Deno.test("a bottle picked beside its own child brings its routes once", async () => {
  const tree = bottles({
    base: "egress: {routes: [{host: a.example.com}]}",
    dev: "extends: base",
  });
  const effective = await load(tree, { bottles: ["base", "dev"] });
  assert.deepEqual(effective.bottle.egress.routes, [{ host: "a.example.com" }]);
  assert.deepEqual(effective.lineage.map(({ name }) => name), ["base", "dev"]);
});

Deno.test("no bottle from either side says both ways to fix it", async () => {
  await assert.rejects(load(agent("skills: []"), { agent: "coder", bottles: [] }), {
    code: "manifest_no_bottle",
    exit: 3,
    message: 'Agent "coder" has no bottle',
    hint: `add bottle: NAME to ${home("agents/coder.md")}, or pick one with --bottle NAME`,
  });
});

Deno.test("a bare command needs no bottle and gets an empty allowlist", async () => {
  const { agent: none, bottle } = await load({}, { bottles: [] });
  assert.equal(none, undefined);
  assert.deepEqual(bottle, {
    shutdown: "cutoff",
    env: {},
    "git-gate": { user: {}, repos: {} },
    egress: { log: 2, hosts: {}, routes: [] },
    budget: {},
    supervise: true,
    resources: {},
    mounts: [],
  });
});

Deno.test("an agent's missing bottle is shown where the agent names it", async () => {
  const tree = { ...bottles({ dev: "env: {}" }), ...agent("bottle: dew") };
  await assert.rejects(load(tree, { agent: "coder", bottles: [] }), {
    code: "manifest_extends",
    message: `${home("agents/coder.md")}:2:9: Bottle "dew" does not exist (agent coder → dew)\n` +
      "  2 | bottle: dew\n    |         ^",
    hint: "did you mean dev?",
  });
  await assert.rejects(load(tree, { agent: "coder", bottles: ["nope"] }), {
    code: "manifest_extends",
    message: 'Bottle "nope" does not exist',
    hint: "the bottles are dev",
  });
});

Deno.test("an unknown agent is refused with the nearest name", async () => {
  await assert.rejects(load(agent("bottle: dev"), { agent: "codr", bottles: [] }), {
    code: "manifest_no_agent",
    exit: 3,
    hint: "did you mean coder?",
  });
  await assert.rejects(load({}, { agent: "../x", bottles: [] }), { code: "manifest_no_agent" });
});

Deno.test("one broken file hides no other, and is noticed when it is chosen", async () => {
  const log: AccessLog = { read: [], listed: [] };
  const files = memoryFiles({
    ...bottles({ dev: "env: {A: x}", broken: "env: [" }),
    ...agent("bottle: dev"),
    [home("agents/broken.md")]: "no frontmatter",
    [here(".bot-bottle/agents/other.md")]: "---\nbottel: dev\n---\n",
  }, log);
  const catalog = await readCatalog(files, PLACES);
  assert.deepEqual(catalog.agents.map(({ name }) => name), ["broken", "coder", "other"]);
  const choose = (name: string) =>
    loadManifest(files, PLACES, catalog, { agent: name, bottles: [] });
  assert.deepEqual((await choose("coder")).bottle.env, { A: "x" });
  assert.deepEqual(log.read, [
    home("settings.yml"),
    home("agents/coder.md"),
    home("bottles/dev.md"),
  ]);
  await assert.rejects(choose("broken"), { code: "manifest_frontmatter", exit: 3 });
  await assert.rejects(choose("other"), (error: Error) => {
    assert.match(error.message, /other\.md:2:1: Unknown key bottel; did you mean bottle\?/);
    return true;
  });
  assert.deepEqual((await choose("coder")).bottle.env, { A: "x" });
});

Deno.test("an agent's git-gate.user overlays the bottle's per field", async () => {
  const tree = {
    ...bottles({ dev: "git-gate: {user: {name: Bottle, email: bottle@example.org}}" }),
    ...agent('bottle: dev\ngit-gate: {user: {name: Agent, email: ""}}'),
  };
  const effective = await load(tree, { agent: "coder", bottles: [] });
  assert.deepEqual(effective.bottle["git-gate"].user, {
    name: "Agent",
    email: "bottle@example.org",
  });
  assert.equal(
    originText(originAt(effective.tree, ["git-gate", "user", "name"])),
    `${home("agents/coder.md")}:3`,
  );
});

Deno.test("an empty user field is the same as none", async () => {
  const effective = await loadBottle('git-gate: {user: {name: "", email: a@example.org}}');
  assert.deepEqual(effective.bottle["git-gate"].user, { email: "a@example.org" });
});

Deno.test("settings stand where the bottle says nothing", async () => {
  const settings = {
    [home("settings.yml")]:
      "shutdown: freeze\nupstream_ca: ~/ca.pem\nupstream_proxy: http://p.example.com:3128\nbackend: docker\n",
  };
  const quiet = await loadBottle("supervise: true", settings);
  assert.equal(quiet.bottle.shutdown, "freeze");
  assert.equal(quiet.bottle.egress.upstream_ca, "~/ca.pem");
  assert.equal(quiet.bottle.egress.upstream_proxy, "http://p.example.com:3128");
  assert.equal(quiet.settings.backend, "docker");
  assert.equal(
    originText(originAt(quiet.tree, ["egress", "upstream_ca"])),
    `${home("settings.yml")}:2`,
  );
  const own = await loadBottle("shutdown: kill\negress: {upstream_ca: /etc/own.pem}", settings);
  assert.equal(own.bottle.shutdown, "kill");
  assert.equal(own.bottle.egress.upstream_ca, "/etc/own.pem");
});

Deno.test("broken settings stop the start with file and line", async () => {
  await assert.rejects(
    loadBottle("env: {}", { [home("settings.yml")]: "shutdwn: kill\n" }),
    (error: Error) => {
      assert.match(
        error.message,
        /settings\.yml:1:1: Unknown key shutdwn; did you mean shutdown\?/,
      );
      return true;
    },
  );
  await assert.rejects(loadBottle("env: {}", { [home("settings.yaml")]: "shutdown: kill\n" }), {
    code: "manifest_settings",
  });
});

Deno.test("a host twice in the final set is refused, naming both places", async () => {
  const tree = bottles({
    base: "egress:\n  routes:\n    - host: api.example.com",
    dev: "extends: base\negress:\n  routes:\n    - host: API.example.com.",
  });
  await assert.rejects(load(tree, { bottles: ["dev"] }), {
    code: "manifest_route_twice",
    exit: 3,
    message: `${home("bottles/dev.md")}:5:13: Host api.example.com already has a route at ${
      home("bottles/base.md")
    }:4\n  5 |     - host: API.example.com.\n    |             ^`,
  });
});

Deno.test("hosts are compared in normal form", async () => {
  const routes = (a: string, b: string) =>
    loadBottle(`egress: {routes: [{host: "${a}"}, {host: "${b}"}]}`);
  for (
    const [a, b] of [
      ["a.example.com", "A.EXAMPLE.COM"],
      ["a.example.com", "a.example.com."],
      ["bücher.example", "xn--bcher-kva.example"],
      ["*.example.com", "*.Example.com."],
    ] as const
  ) {
    await assert.rejects(routes(a, b), { code: "manifest_route_twice" }, `${a} ${b}`);
  }
  for (
    const [a, b] of [["a.example.com", "*.example.com"], [
      "a.example.com",
      "a.example.org",
    ]] as const
  ) {
    assert.equal((await routes(a, b)).bottle.egress.routes.length, 2);
  }
});

Deno.test("a credential of the sidecar cannot be copied into the bottle", async () => {
  const cases = [
    "egress: {routes: [{host: a.example.com, auth: {scheme: Bearer, token_ref: SHARED}}]}",
    "agent_provider: {template: claude, auth_token: SHARED}",
    "agent_provider: {template: pi, settings: {api_key_env: SHARED}}",
    "git-gate: {repos: {a: {url: https://git.example.org/a.git, key: {provider: token, token_ref: SHARED}}}}",
  ];
  for (const yaml of cases) {
    await assert.rejects(loadBottle(`${yaml}\nenv: {COPY: "\${SHARED}"}`), (error: Error) => {
      assert.match(error.message, /dev\.md:3:13: env\.COPY would copy the credential SHARED/);
      return true;
    });
    await loadBottle(`${yaml}\nenv: {COPY: "\${OTHER}", SHARED: literal}`);
  }
});

Deno.test("a repository may be put together from several files, and must be whole in the end", async () => {
  const base = "git-gate: {repos: {app: {url: 'ssh://git@git.example.org:22/app.git'}}}";
  const rest =
    'git-gate: {repos: {app: {host_key: "ssh-ed25519 AAAA", key: {provider: static, path: ~/.ssh/app}}}}';
  const whole = await load(bottles({ base, dev: `extends: base\n${rest}` }), { bottles: ["dev"] });
  assert.deepEqual(whole.bottle["git-gate"].repos.app, {
    url: "ssh://git@git.example.org:22/app.git",
    host_key: "ssh-ed25519 AAAA",
    key: { provider: "static", path: "~/.ssh/app" },
  });
  await assert.rejects(load(bottles({ base }), { bottles: ["base"] }), (error: Error) => {
    assert.match(
      error.message,
      /base\.md:2:25: git-gate\.repos\.app: an ssh upstream needs a host_key/,
    );
    assert.match(error.message, /an ssh upstream needs a key/);
    return true;
  });
});

Deno.test("an agent of the working directory that became a link is refused when it is opened", async () => {
  const before = memoryFiles({ [here(".bot-bottle/agents/coder.md")]: "---\n---\n" });
  const catalog = await readCatalog(before, PLACES);
  const after = memoryFiles({
    "/etc/secret": "text",
    [here(".bot-bottle/agents/coder.md")]: { link: "/etc/secret" },
  });
  await assert.rejects(loadManifest(after, PLACES, catalog, { agent: "coder", bottles: [] }), {
    code: "manifest_untrusted",
  });
});

Deno.test("an operator who starts in the home folder may link bottles from below it", async () => {
  const places = { ...PLACES, workingDirectory: PLACES.userHome };
  const files = memoryFiles({
    "/home/me/dotfiles/dev.md": "---\nenv: {A: linked}\n---\n",
    [home("bottles/dev.md")]: { link: "/home/me/dotfiles/dev.md" },
  });
  const catalog = await readCatalog(files, places);
  const effective = await loadManifest(files, places, catalog, { bottles: ["dev"] });
  assert.deepEqual(effective.bottle.env, { A: "linked" });
});

Deno.test("whatever a bottle says, it loads or is refused with exit code 3 and a place", async () => {
  const key = fc.constantFrom(
    ...["extends", "agent_provider", "template", "settings", "env", "git-gate", "user", "repos"],
    ...["url", "key", "provider", "egress", "log", "hosts", "routes", "host", "auth", "matches"],
    ...["paths", "dlp", "budget", "resources", "memory", "mounts", "from", "to", "role", "x"],
  );
  const scalar = fc.oneof(
    fc.constantFrom("claude", "a.example.com", "~/x", "/mnt/x", "dev", "4g", "${A}", "?q", "*.x.y"),
    fc.string({ maxLength: 8 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      scalar,
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(key, tie("node"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  const top = fc.dictionary(key, node, { maxKeys: 4, noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(top, async (value) => {
      try {
        await loadBottle(JSON.stringify(value)); // JSON is YAML
      } catch (error) {
        assert.ok(error instanceof BottleError, String(error));
        assert.equal(error.exit, 3);
        assert.match(error.message, /^\/home\/me\/\.bot-bottle\/bottles\/dev\.md:\d+:\d+: /);
      }
    }),
    { numRuns: 300 },
  );
});
