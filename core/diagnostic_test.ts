import assert from "node:assert/strict";
import { formatDiagnostic, nearest } from "./diagnostic.ts";

Deno.test("formatDiagnostic() shows the line with a caret under the column", () => {
  const shown = formatDiagnostic(
    { file: "f.md", line: 2, column: 4 },
    "No such key",
    "a: 1\nb: x\n",
  );
  assert.equal(shown, "f.md:2:4: No such key\n  2 | b: x\n    |    ^");
});

Deno.test("formatDiagnostic() without a source, or past its end, is one line", () => {
  const position = { file: "f.md", line: 9, column: 1 };
  assert.equal(formatDiagnostic(position, "Gone"), "f.md:9:1: Gone");
  assert.equal(formatDiagnostic(position, "Gone", "a"), "f.md:9:1: Gone");
});

const WORDS = ["matches", "methods", "host"];
for (
  const [word, found] of [["matchs", "matches"], ["Method", "methods"], ["hst", "host"], [
    "port",
    undefined,
  ], ["zzz", undefined]] as const
) {
  Deno.test(`nearest() finds ${found ?? "nothing"} for ${word}`, () => {
    assert.equal(nearest(word, WORDS), found);
  });
}
