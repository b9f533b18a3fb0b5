import { deepEqual, equal } from "node:assert/strict";
import { unifiedDiff } from "./unified_diff.ts";

Deno.test("unifiedDiff() shows what changed with three lines around it", () => {
  const before = Array.from({ length: 20 }, (_, n) => `line ${n}`);
  const after = before.with(10, "changed");
  deepEqual(
    unifiedDiff(`${before.join("\n")}\n`, `${after.join("\n")}\n`).map(({ text }) => text),
    [
      "@@ -8,7 +8,7 @@",
      " line 7",
      " line 8",
      " line 9",
      "-line 10",
      "+changed",
      " line 11",
      " line 12",
      " line 13",
    ],
  );
  deepEqual(unifiedDiff("a\n", "a\n"), []);
});

Deno.test("unifiedDiff() tells a line of the file from a sign of its own", () => {
  const lines = unifiedDiff("x\n", "x\n-y\n+z\n@@\n");
  deepEqual(lines.filter(({ kind }) => kind === "added").map(({ text }) => text), [
    "+-y",
    "++z",
    "+@@",
  ]);
});

Deno.test("unifiedDiff() shows texts that differ in everything as replaced, and does not search on", () => {
  const many = (sign: string) => Array.from({ length: 20_000 }, (_, n) => `${sign}${n}`).join("\n");
  const lines = unifiedDiff(many("a"), many("b"));
  equal(lines.length, 40_001);
  equal(lines.filter(({ kind }) => kind === "added").length, 20_000);
});
