import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { safeLine, safeLines } from "./safe_text.ts";

Deno.test("safeLines() shows escapes, bidirectional and invisible characters as signs of their own", () => {
  const hostile = [
    "\x1b[2Jerase",
    "\x9b31m",
    "a\u202eb",
    "a\u2066b",
    "a\u200bb",
    "a\u2060b",
    "a\u00adb",
    "a\u{e0041}b",
    "a\ufe0fb",
    "a\u3164b",
    "a\ud800b",
    "a\ue000b",
  ];
  for (const text of hostile) {
    const lines = safeLines(text);
    equal(lines.length, 1, JSON.stringify(text));
    ok(lines[0]!.includes("\ufffd"), JSON.stringify(text));
  }
});

Deno.test("safeLines() keeps letters of every script, and blanks for tabs", () => {
  deepEqual(safeLines("ä 漢字 e\u0301 ก็\n\tx"), ["ä 漢字 e\u0301 ก็", "    x"]);
});

Deno.test("safeLines() lets no pile of marks grow over other lines", () => {
  deepEqual(safeLines(`a${"\u0301".repeat(50)}b`), ["a\u0301\u0301\u0301\ufffdb"]);
});

Deno.test("safeLines() leaves nothing that moves a cursor, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // deno-lint-ignore no-control-regex
      ok(!safeLines(text).some((line) => /[\x00-\x1f\x7f-\x9f\u2028-\u202e]/.test(line)));
    }),
  );
});

Deno.test("safeLine() is one line, of a bounded length", () => {
  equal(safeLine(" a\nb\tc "), "a b    c");
  equal(safeLine("x".repeat(1e6), 10), "x".repeat(10));
});
