import assert from "node:assert/strict";
import * as z from "zod";
import { BottleError } from "../core/errors.ts";
import { agentSchema } from "./agent_schema.ts";
import { bottleFileSchema } from "./bottle_schema.ts";
import { checkSchema } from "./diagnose.ts";
import { pathText } from "../core/path_text.ts";
import { knownKeys } from "../core/known_keys.ts";
import { settingsSchema } from "./settings_schema.ts";
import { parseMarkdownSource } from "./source.ts";

function findings(schema: z.ZodType, yaml: string): string {
  const text = `---\n${yaml}\n---\n`;
  try {
    checkSchema(schema, { ...parseMarkdownSource(text, "x.md"), textOf: () => text });
  } catch (error) {
    assert.ok(error instanceof BottleError);
    assert.equal(error.code, "manifest_schema");
    assert.equal(error.exit, 3);
    return error.message;
  }
  throw new Error(`accepted: ${yaml}`);
}

Deno.test("checkSchema() shows place, excerpt and the nearest known key", () => {
  assert.equal(
    findings(bottleFileSchema, "egress:\n  rutes: []"),
    "x.md:3:3: Unknown key rutes in egress; did you mean routes?\n  3 |   rutes: []\n    |   ^",
  );
});

Deno.test("checkSchema() lists the known keys when none is near", () => {
  assert.match(
    findings(settingsSchema, "zzz: 1"),
    /^x\.md:2:1: Unknown key zzz; known keys: backend, budget, shutdown, upstream_ca, upstream_proxy\n/,
  );
});

Deno.test("checkSchema() shows every finding, in the order of the file", () => {
  const heads = findings(bottleFileSchema, "supervize: true\nenv: {1A: x}\negress: {log: 7}")
    .split("\n").filter((line) => line.startsWith("x.md"));
  assert.deepEqual(heads.map((line) => line.split(":")[1]), ["2", "3", "4"]);
});

Deno.test("checkSchema() stops after twenty findings and says how many more there are", () => {
  const yaml = Array.from({ length: 25 }, (_, at) => `unknown${at}: 1`).join("\n");
  const text = findings(settingsSchema, yaml);
  assert.equal(text.match(/^x\.md/gm)?.length, 20);
  assert.match(text, /\nand 5 more$/);
});

Deno.test("checkSchema() says what was expected and what was found", () => {
  const cases: [z.ZodType, string, string][] = [
    [
      bottleFileSchema,
      "env:\n  PORT: 8080",
      "x.md:3:9: env.PORT: expected text, found 8080; put it in quotes",
    ],
    [bottleFileSchema, "egress:", "x.md:2:8: egress: expected a map of keys, found nothing"],
    [bottleFileSchema, "egress: [a]", "x.md:2:9: egress: expected a map of keys, found a list"],
    [
      bottleFileSchema,
      "supervise: yes",
      "x.md:2:12: supervise: expected true or false, found text",
    ],
    [
      bottleFileSchema,
      "shutdown: freze",
      "x.md:2:11: shutdown: expected one of cutoff, freeze, kill, found text; did you mean freeze?",
    ],
    [
      bottleFileSchema,
      "egress: {routes: [{ports: [443]}]}",
      "x.md:2:19: egress.routes[0].host is missing; expected text",
    ],
    [
      bottleFileSchema,
      "env: {A-B: x}",
      "x.md:2:7: The key env.A-B is not allowed: expected the name of an environment variable",
    ],
    [
      bottleFileSchema,
      "egress: {log: 3}",
      "x.md:2:15: egress.log: expected 0 (off), 1 (blocks) or 2 (everything, redacted)",
    ],
    [
      bottleFileSchema,
      "agent_provider: {template: cloude}",
      "x.md:2:28: agent_provider.template: expected one of claude, codex, pi, command, found text",
    ],
    [
      bottleFileSchema,
      "resources: {memory: lots}",
      "x.md:2:21: resources.memory: expected a byte count such as 65536, 512k, 16m or 2g",
    ],
    [
      bottleFileSchema,
      "resources: {memory: [1]}",
      "x.md:2:21: resources.memory: expected a number or text, found a list",
    ],
    [bottleFileSchema, "resources: {pids: 0}", "x.md:2:19: resources.pids: must be more than 0"],
    [bottleFileSchema, "- a", "x.md:2:1: The document: expected a map of keys, found a list"],
    [agentSchema, "skills: commit-style", "x.md:2:9: skills: expected a list, found text"],
  ];
  for (const [schema, yaml, expected] of cases) {
    assert.equal(findings(schema, yaml).split("\n")[0], expected, yaml);
  }
});

Deno.test("checkSchema() points into the alternative of a union that was meant", () => {
  assert.match(
    findings(bottleFileSchema, "agent_provider:\n  template: pi\n  settings:\n    base_ur: x"),
    /^x\.md:5:5: Unknown key base_ur in agent_provider\.settings; did you mean base_url\?/,
  );
  assert.match(
    findings(
      bottleFileSchema,
      "egress:\n  routes:\n    - host: a.example.com\n      dlp: {outbound_detectors: [entropi]}",
    ),
    /^x\.md:5:34: egress\.routes\[0\]\.dlp\.outbound_detectors\[0\]: expected one of .*did you mean entropy\?/,
  );
});

Deno.test("checkSchema() refuses role in a route whatever its value", () => {
  for (const value of ["x", "", "null", "[a]"]) {
    assert.match(
      findings(
        bottleFileSchema,
        `egress:\n  routes:\n    - host: a.example.com\n      role: ${value}`,
      ),
      /^x\.md:5:7: The key role of a route is reserved/,
    );
  }
});

Deno.test("checkSchema() returns what the schema makes of the value", () => {
  const text = "---\nbackend: docker\n---\n";
  const value = checkSchema(settingsSchema, {
    ...parseMarkdownSource(text, "x.md"),
    textOf: () => text,
  });
  assert.deepEqual(value, { backend: "docker" });
});

Deno.test("knownKeys() finds the keys through options, lists, maps and unions", () => {
  const inner = z.strictObject({ a: z.string(), b: z.string() });
  const other = z.strictObject({ c: z.string() });
  const schema = z.strictObject({
    list: z.array(inner).optional(),
    map: z.record(z.string(), inner).default({}),
    either: z.union([inner, other, z.string()]),
  });
  assert.deepEqual(knownKeys(schema, []), ["list", "map", "either"]);
  assert.deepEqual(knownKeys(schema, ["list", 3]), ["a", "b"]);
  assert.deepEqual(knownKeys(schema, ["map", "any"]), ["a", "b"]);
  assert.deepEqual(knownKeys(schema, ["either"]), ["a", "b", "c"]);
  assert.deepEqual(knownKeys(schema, ["list", 0, "a"]), []);
});

Deno.test("pathText() writes indexes in brackets and quotes keys that hold dots", () => {
  assert.equal(pathText(["egress", "routes", 0, "host"]), "egress.routes[0].host");
  assert.equal(pathText(["egress", "hosts", "git.example.com"]), 'egress.hosts["git.example.com"]');
  assert.equal(pathText(["git-gate", "user"]), "git-gate.user");
});
