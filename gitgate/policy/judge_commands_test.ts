import assert from "node:assert/strict";
import { NO_OBJECT } from "../protocol/receive_request.ts";
import { parseRepo } from "../repo_config.ts";
import { judgeCommands } from "./judge_commands.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)];
const current = new Map([["refs/heads/main", A], ["refs/tags/v1", A]]);
const base = { name: "app", url: "https://git.example.com/app.git" };

function rules(
  commands: readonly (readonly [string, string, string])[],
  settings: Record<string, unknown> = {},
): string[] {
  return judgeCommands(
    commands.map(([old, to, ref]) => ({ old, new: to, ref })),
    parseRepo({ ...base, ...settings }),
    current,
  ).map(({ rule }) => rule);
}

Deno.test("judgeCommands() takes new refs and those that follow the upstream", () => {
  assert.deepEqual(rules([[NO_OBJECT, B, "refs/heads/x"], [A, B, "refs/heads/main"]]), []);
});

Deno.test("judgeCommands() refuses what the configuration does not allow", () => {
  assert.deepEqual(rules([[B, A, "refs/heads/main"]]), ["ref_moved"]);
  assert.deepEqual(rules([[NO_OBJECT, B, "refs/heads/main"]]), ["ref_moved"]);
  assert.deepEqual(rules([[A, B, "refs/heads/gone"]]), ["ref_moved"]);
  assert.deepEqual(rules([[A, NO_OBJECT, "refs/heads/main"]]), ["delete_not_allowed"]);
  assert.deepEqual(rules([[A, B, "refs/tags/v1"]]), ["force_not_allowed"]);
  assert.deepEqual(rules([[NO_OBJECT, B, "refs/other/x"]]), ["ref_not_allowed"]);
  assert.deepEqual(rules([[NO_OBJECT, B, "refs/replace/x"]], { refs: ["refs/*"] }), [
    "ref_reserved",
  ]);
  assert.deepEqual(rules([[NO_OBJECT, B, "refs/heads/a b"]]), ["ref_name"]);
  const twice = [NO_OBJECT, B, "refs/heads/x"] as const;
  assert.deepEqual(rules([twice, twice]), ["ref_repeated"]);
  assert.deepEqual(rules([[NO_OBJECT, NO_OBJECT, "refs/heads/x"]], { allow_delete: true }), [
    "ref_missing",
  ]);
});

Deno.test("judgeCommands() deletes and moves where that is allowed", () => {
  assert.deepEqual(rules([[A, NO_OBJECT, "refs/heads/main"]], { allow_delete: true }), []);
  assert.deepEqual(rules([[A, B, "refs/tags/v1"]], { allow_force: true }), []);
});
