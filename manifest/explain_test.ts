import assert from "node:assert/strict";
import { parseStrictYaml } from "../core/yaml.ts";
import { explainLines, infoLines } from "./explain.ts";
import { toJson } from "./explain_json.ts";
import { bottles, home, load, loadBottle } from "./test_fixture.ts";

async function example() {
  return await load({
    ...bottles({
      base: "egress:\n  log: 1\n  routes:\n    - host: docs.example.com\n      ports: [443, 8443]",
      dev: 'extends: base\nenv:\n  PLAIN: value\n  COPIED: ${HOST_VAR}\n  ASKED: "?Password"\n' +
        "  DEPLOY_TOKEN: abc123\nresources: {memory: 4g}\ngit-gate: {repos: {}}",
    }),
    [home("agents/coder.md")]: "---\nbottle: dev\nskills:\n  - commit-style\n---\nOne.\nTwo.\n",
    [home("settings.yml")]: "backend: docker\nshutdown: kill\n",
  }, { agent: "coder", bottles: [] });
}

Deno.test("explainLines() shows every value with the file and line it came from", async () => {
  assert.deepEqual(explainLines(await example(), "/home/me"), [
    "agent:",
    "  name: coder                 # ~/.bot-bottle/agents/coder.md",
    "  bottle: dev                 # ~/.bot-bottle/agents/coder.md:2",
    "  skills: [commit-style]      # ~/.bot-bottle/agents/coder.md:4",
    "  prompt: 2 lines             # ~/.bot-bottle/agents/coder.md",
    "bottles: [dev]",
    "lineage:",
    "  - base                      # ~/.bot-bottle/bottles/base.md",
    "  - dev                       # ~/.bot-bottle/bottles/dev.md",
    "env:",
    "  PLAIN: value                # ~/.bot-bottle/bottles/dev.md:4",
    "  COPIED: ${HOST_VAR}         # ~/.bot-bottle/bottles/dev.md:5",
    "  ASKED: ?Password            # ~/.bot-bottle/bottles/dev.md:6",
    '  DEPLOY_TOKEN: "(hidden)"    # ~/.bot-bottle/bottles/dev.md:7',
    "git-gate:",
    "  repos: {}                   # ~/.bot-bottle/bottles/dev.md:9",
    "egress:",
    "  log: 1                      # ~/.bot-bottle/bottles/base.md:3",
    "  routes:",
    "    - host: docs.example.com  # ~/.bot-bottle/bottles/base.md:5",
    "      ports: [443, 8443]      # ~/.bot-bottle/bottles/base.md:6",
    "shutdown: kill                # ~/.bot-bottle/settings.yml:2",
    "supervise: true               # default",
    "resources:",
    "  memory: 4g                  # ~/.bot-bottle/bottles/dev.md:8",
    "settings:",
    "  backend: docker             # ~/.bot-bottle/settings.yml:1",
  ]);
});

Deno.test("infoLines() shows the same without origins, as YAML that can be read back", async () => {
  const lines = infoLines(await example());
  assert.ok(lines.every((line) => !line.includes("#") && line === line.trimEnd()));
  const value = parseStrictYaml(lines.join("\n"), "info").value as Record<string, unknown>;
  assert.deepEqual(value.egress, {
    log: 1,
    routes: [{ host: "docs.example.com", ports: [443, 8443] }],
  });
  assert.deepEqual(value.bottles, ["dev"]);
});

Deno.test("infoLines() quotes what YAML would read as something else", async () => {
  const texts = [
    "true",
    "1.5",
    "10",
    "a: b",
    "x #y",
    " lead",
    "",
    "-",
    "*x",
    "é\u202e",
    "a\u001b[0m",
    "~",
    "0x1f",
  ];
  const env = texts.map((text, at) => `  V${at}: ${JSON.stringify(text)}`).join("\n");
  const lines = infoLines(await loadBottle(`env:\n${env}`));
  const value = parseStrictYaml(lines.join("\n"), "info").value as { env: Record<string, string> };
  assert.deepEqual(
    Object.values(value.env),
    texts.map((text) => text.replace("\u202e", "\ufffd")),
  );
  assert.doesNotMatch(lines.join(""), /\p{Cc}|\u202e/u);
});

Deno.test("explainLines() hides literals that are named like secrets, and pi's literal key", async () => {
  const hidden = "not" + "-for-display";
  const effective = await loadBottle(
    `env: {API_KEY: ${hidden}, DB_PASSWORD: ${hidden}, MONKEY: banana, AUTHOR: someone}\n` +
      `agent_provider: {template: pi, settings: {api_key: ${hidden}}}`,
  );
  for (const text of [explainLines(effective).join("\n"), JSON.stringify(toJson(effective))]) {
    assert.ok(!text.includes(hidden));
    assert.match(text, /banana/);
    assert.match(text, /someone/);
  }
});

Deno.test("toJson() gives plain values and an origin for each", async () => {
  const json = JSON.parse(JSON.stringify(toJson(await example())));
  assert.equal(json.agent.name, "coder");
  assert.equal(json.agent.prompt, "One.\nTwo.");
  assert.deepEqual(json.agent.skills, ["commit-style"]);
  assert.deepEqual(json.bottles, ["dev"]);
  assert.deepEqual(json.lineage[0], { name: "base", file: home("bottles/base.md") });
  assert.deepEqual(json.bottle.egress.routes, [{ host: "docs.example.com", ports: [443, 8443] }]);
  assert.equal(json.bottle.env.COPIED, "${HOST_VAR}");
  assert.equal(json.bottle.env.DEPLOY_TOKEN, "(hidden)");
  assert.equal(json.origins["bottle.egress.routes[0].ports[1]"], `${home("bottles/base.md")}:6`);
  assert.equal(json.origins["bottle.git-gate.repos"], `${home("bottles/dev.md")}:9`);
  assert.equal(json.origins["bottle.supervise"], "default");
  assert.equal(json.origins["settings.backend"], `${home("settings.yml")}:1`);
  assert.equal(json.origins["agent.skills[0]"], `${home("agents/coder.md")}:4`);
});

Deno.test("every leaf of toJson().bottle has an origin", async () => {
  const json = JSON.parse(JSON.stringify(toJson(await example())));
  const leaves = (value: unknown, path: string): string[] => {
    if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
      return [path];
    }
    return Object.entries(value).flatMap(([key, inner]) =>
      leaves(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
    );
  };
  for (const path of leaves(json.bottle, "bottle")) assert.ok(path in json.origins, path);
});

Deno.test("a bare command without a bottle is explained too", async () => {
  const effective = await load({}, { bottles: [] });
  assert.deepEqual(explainLines(effective), [
    "bottles: []",
    "egress:",
    "  log: 2          # default",
    "shutdown: cutoff  # default",
    "supervise: true   # default",
  ]);
  assert.equal((toJson(effective) as { agent: unknown }).agent, null);
});
