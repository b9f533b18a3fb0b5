import assert from "node:assert/strict";
import { agentSchema, SUBAGENT_FIELDS } from "./agent_schema.ts";
import { bottles, home, load } from "./test_fixture.ts";

const accepts = (value: unknown) => agentSchema.safeParse(value).success;

Deno.test("an agent takes its own keys", () => {
  assert.ok(accepts({
    bottle: "dev",
    skills: ["commit-style"],
    "git-gate": { user: { name: "Someone", email: "someone@example.org" } },
    budget: { claude: 200000 },
  }));
  assert.ok(accepts({}));
});

Deno.test("an agent refuses what belongs to a bottle", () => {
  for (
    const key of ["egress", "env", "extends", "agent_provider", "mounts", "resources", "supervise"]
  ) {
    assert.ok(!accepts({ [key]: {} }), key);
  }
});

Deno.test("an agent's git-gate.repos is an error whatever its value", () => {
  for (const repos of [{}, { app: {} }, null, "x"]) {
    const result = agentSchema.safeParse({ "git-gate": { repos } });
    assert.match(result.error?.issues[0]?.message ?? "", /repositories belong in a bottle/);
  }
});

Deno.test("skills are names of folders, never paths", () => {
  for (const skill of ["../x", "a/b", "/etc", ".", "..", "", "a\0", "-x", "a b"]) {
    assert.ok(!accepts({ skills: [skill] }), skill);
  }
});

Deno.test("fields of subagent files are accepted with any value and used nowhere", async () => {
  for (const field of SUBAGENT_FIELDS) {
    for (const value of ["x", null, ["a"], { b: { c: 1 } }]) {
      assert.ok(accepts({ [field]: value }), field);
    }
  }
  const effective = await load({
    ...bottles({ dev: "env: {}" }),
    [home("agents/coder.md")]:
      "---\nname: coder\ndescription: Writes code\ntools: Read, Edit\nmodel: inherit\nbottle: dev\n---\nHi\n",
  }, { agent: "coder", bottles: [] });
  assert.deepEqual([...effective.agent!.tree.members.keys()], ["bottle"]);
});
