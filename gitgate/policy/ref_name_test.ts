import assert from "node:assert/strict";
import { fitsPattern, isReservedRef, refNameProblem } from "./ref_name.ts";

Deno.test("refNameProblem() takes what git takes", () => {
  for (
    const ref of ["refs/heads/main", "refs/heads/agent/fix-1", "refs/tags/v1.0", "refs/heads/ä"]
  ) {
    assert.equal(refNameProblem(ref), undefined, ref);
  }
  const bad = [
    "HEAD",
    "refs/heads",
    "refs/heads/",
    "refs/heads/../config",
    "refs/heads/a..b",
    "refs/heads/.hidden",
    "refs/heads/a.lock",
    "refs/heads/a.lock/b",
    "refs/heads//a",
    "refs/heads/a/",
    "refs/heads/a.",
    "refs/heads/a b",
    "refs/heads/a~1",
    "refs/heads/a^",
    "refs/heads/a:b",
    "refs/heads/a?",
    "refs/heads/a*",
    "refs/heads/a[b",
    "refs/heads/a\\b",
    "refs/heads/a@{1}",
    "refs/heads/a\x7f",
    "refs/heads/a\tb",
    `refs/heads/${"a".repeat(600)}`,
    `refs/heads/${"0a".repeat(20)}`,
  ];
  for (const ref of bad) assert.notEqual(refNameProblem(ref), undefined, ref);
});

Deno.test("isReservedRef() names the places that nobody may open", () => {
  for (
    const ref of [
      "refs/replace/x",
      "refs/notes/commits",
      "refs/pull/1/head",
      "refs/hidden/x",
      "HEAD",
      "refs/stash",
      "refs/heads/HEAD",
    ]
  ) {
    assert.equal(isReservedRef(ref), true, ref);
  }
  for (
    const ref of [
      "refs/heads/notes/x",
      "refs/heads/replace",
      "refs/tags/HEAD",
      "refs/for/main",
      "refs/notesy/x",
    ]
  ) {
    assert.equal(isReservedRef(ref), false, ref);
  }
});

Deno.test("fitsPattern() matches as a whole, and a star stands for anything", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["refs/heads/a", "refs/heads/*", true],
    ["refs/heads/a/b", "refs/heads/*", true],
    ["refs/heads/", "refs/heads/*", true],
    ["refs/headsx/a", "refs/heads/*", false],
    ["refs/heads/main", "refs/heads/main", true],
    ["refs/heads/main2", "refs/heads/main", false],
    ["refs/heads/agent/1/wip", "refs/heads/agent/*/wip", true],
    ["refs/heads/agent/wip", "refs/heads/agent/*/wip", false],
    ["refs/heads/aXbXc", "refs/heads/*X*X*", true],
    ["refs/heads/ab", "refs/heads/a*ab", false],
  ];
  for (const [text, pattern, expected] of rows) {
    assert.equal(fitsPattern(text, pattern), expected, `${text} ${pattern}`);
  }
});

Deno.test("fitsPattern() is linear", () => {
  const before = performance.now();
  assert.equal(fitsPattern("a".repeat(100_000), `${"*a".repeat(1_000)}b`), false);
  assert.ok(performance.now() - before < 10_000);
});
