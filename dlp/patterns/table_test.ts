import { deepEqual, equal, ok } from "node:assert/strict";
import { CompiledPattern } from "../tokens/compiled_pattern.ts";
import { PATTERN_TABLE } from "./table.ts";

Deno.test("the pattern table covers at least 200 vendors", () => {
  ok(new Set(PATTERN_TABLE.map(({ vendor }) => vendor)).size >= 200);
});

Deno.test("every row has keywords in ASCII, a source and a name of its own", () => {
  const names = PATTERN_TABLE.map(({ name }) => name);
  deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
  for (const { name, keywords, source } of PATTERN_TABLE) {
    ok(keywords.length > 0 && keywords.every((word) => /^[\x20-\x7e]{2,}$/.test(word)), name);
    ok(/^https:\/\/\S+$/.test(source), name);
  }
});

Deno.test("no pattern has a quantifier without a bound", () => {
  for (const { name, pattern } of PATTERN_TABLE) {
    const outside = pattern.replace(/\\./g, "").replace(/\[[^\]]*\]/g, "");
    ok(!/[*+]|\{[0-9]+,\}/.test(outside), name);
  }
});

Deno.test("every row compiles", () => {
  equal(PATTERN_TABLE.map((row) => new CompiledPattern(row)).length, PATTERN_TABLE.length);
});
