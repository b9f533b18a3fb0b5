import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  JsonRefused,
  MAX_DEPTH,
  MAX_VALUES,
  type Outline,
  outlineOf,
  OutlineScanner,
  SCALAR,
  TEXT,
} from "./json_outline.ts";

const TEXTS: ReadonlySet<string> = new Set(["type", "url"]);
const read = (text: string | Uint8Array) =>
  outlineOf(typeof text === "string" ? Buffer.from(text) : text, TEXTS);

/** What a parsed value is as an outline. */
function expected(value: unknown, key?: string): Outline {
  if (typeof value === "string") return key !== undefined && TEXTS.has(key) ? value : TEXT;
  if (value === null) return null;
  if (typeof value !== "object") return SCALAR;
  if (Array.isArray(value)) return value.map((item) => expected(item));
  return new Map(Object.entries(value).map(([name, item]) => [name, expected(item, name)]));
}

Deno.test("outlineOf() has the shape that JSON.parse() gives, for any JSON", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), (text) => {
    assert.deepEqual(read(text), expected(JSON.parse(text)));
  }));
});

Deno.test("outlineOf() refuses whatever JSON.parse() refuses", () => {
  const pieces = fc.constantFrom(
    ...[
      '{"a":',
      "[",
      "]",
      "}",
      ",",
      '"',
      "\\",
      "1",
      "-",
      "01",
      "1e",
      ".5",
      "tru",
      "null",
      " ",
      "NaN",
    ],
    ...["\u00a0", "\ufeff", "'a'", "/**/", "\n", '"\\x"', '"\\u12"', "+1", "1.", "Infinity", "//"],
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        assert.throws(() => read(text), JsonRefused, text);
        return;
      }
      if (!/"[^"]*":.*"[^"]*":/.test(text)) assert.deepEqual(read(text), expected(parsed));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("OutlineScanner says the same in steps of any size", () => {
  fc.assert(fc.property(fc.json(), fc.integer({ min: 1, max: 9 }), (text, step) => {
    const scanner = new OutlineScanner(Buffer.from(text), TEXTS);
    while (!scanner.advance(step));
    assert.deepEqual(scanner.outline, expected(JSON.parse(text)));
  }));
});

const REFUSED: Readonly<Record<string, string | Uint8Array>> = {
  "nothing": "",
  "spaces": " \n",
  "a name twice": '{"a":1,"a":2}',
  "a name twice, once with escapes": '{"tools":1,"\\u0074ools":2}',
  "a name twice, deep inside": '{"a":[{"b":{"c":1,"d":2,"c":3}}]}',
  "the name of a prototype twice": '{"__proto__":1,"__proto__":2}',
  "text after the end": '{"a":1}{"b":2}',
  "a second value": "{} 1",
  "a comma at the end": '{"a":1,}',
  "a comment": '{"a":1}//',
  "a byte order mark": Buffer.from('\ufeff{"a":1}'),
  "UTF-16": Buffer.from('{"a":1}', "utf16le"),
  "bytes that are not UTF-8": Buffer.from([0x22, 0xff, 0x22]),
  "an overlong sequence": Buffer.from([0x22, 0xc0, 0xa2, 0x22]),
  "half of a surrogate pair in bytes": Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  "half of a surrogate pair in a name": '{"\\ud800":1}',
  "a control character in a text": '"a\u0001"',
  "a line break in a text": '"a\n"',
  "a NUL after the end": "{}\0",
  "a number that is too long": `{"a":${"1".repeat(200)}}`,
  "a leading zero": "[01]",
  "NaN": "[NaN]",
  "a text without an end": '{"a":"b',
  "an escape at the end": '{"a":"b\\',
  "an escape that is cut": '{"a":"\\u00',
  "single quotes": "{'a':1}",
  "a name without quotes": "{a:1}",
  "more levels than anybody reads": "[".repeat(MAX_DEPTH + 1) + "]".repeat(MAX_DEPTH + 1),
  "more values than a conversation has": `[${"1,".repeat(MAX_VALUES)}1]`,
};

for (const [what, text] of Object.entries(REFUSED)) {
  Deno.test(`outlineOf() refuses ${what}`, () => {
    assert.throws(() => read(text), JsonRefused);
  });
}

Deno.test("outlineOf() reads as many levels as are allowed", () => {
  read("[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH));
});

Deno.test("outlineOf() tells how a long text begins, and stops at an escape in it", () => {
  const long = "x".repeat(5_000);
  const told = (text: string) => (read(`{"url":"${text}"}`) as Map<string, Outline>).get("url");
  assert.equal(told(`data:${long}`), `data:${long}`.slice(0, 256));
  assert.equal(told(`http\\u0073://${long}`), "http\\");
  assert.equal(told("http\\u0073://short"), "https://short");
});

Deno.test("halves of surrogate pairs in values pass: conversations are cut in the middle of characters", () => {
  assert.deepEqual(read('["\\ud83d"]'), [TEXT]);
});
