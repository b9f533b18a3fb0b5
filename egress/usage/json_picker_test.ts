import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonPicker, type Scalar } from "./json_picker.ts";

const PATHS = ["type", "a.b", "a.c.d", "a.c.e", "count"];

/** What is picked out of a text that comes in pieces of these lengths, again and again. */
function picked(text: string, lengths: readonly number[] = [text.length]): Map<string, Scalar>[] {
  const found: Map<string, Scalar>[] = [];
  const picker = new JsonPicker(PATHS, (one) => found.push(new Map(one)));
  const bytes = new TextEncoder().encode(text);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const next = at + Math.max(1, lengths[turn % lengths.length]!);
    picker.push(bytes.subarray(at, next));
    at = next;
  }
  return found;
}

/** The same by JSON.parse. */
function expected(value: unknown): Map<string, Scalar> {
  const found = new Map<string, Scalar>();
  for (const path of PATHS) {
    let at: unknown = value;
    for (const name of path.split(".")) {
      at = at !== null && typeof at === "object" && !Array.isArray(at) && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined;
    }
    if (at === null || ["string", "number", "boolean"].includes(typeof at)) {
      found.set(path, at as Scalar);
    }
  }
  return found;
}

const name = fc.constantFrom("type", "a", "b", "c", "d", "e", "count", 'q"\\', "é");
const { object } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom(null, true, false, 0, 1e21),
    tie("object"),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
  object: fc.dictionary(name, tie("value"), { maxKeys: 6, noNullPrototype: true }),
}));
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

Deno.test("JsonPicker finds what JSON.parse() finds, wherever the text is split", () => {
  fc.assert(
    fc.property(object, lengths, fc.constantFrom(undefined, 2, "\t"), (value, lengths, indent) => {
      // -0 is 0 in JSON
      const same = JSON.parse(JSON.stringify(value));
      const found = picked(JSON.stringify(value, null, indent), lengths);
      assert.deepEqual(found, [expected(same)]);
    }),
    { numRuns: 500 },
  );
});

Deno.test("JsonPicker takes one object after the other, arrays between them passed over", () => {
  const text = '{"type":"one"}{"type":"two"}\n[{"type":"three"}] {"type":"four","count":4}';
  assert.deepEqual(
    picked(text, [3]).map((one) => [...one.values()]),
    [["one"], ["two"], ["four", 4]],
  );
});

Deno.test("JsonPicker reads names and values that are escaped", () => {
  const text = String.raw`{"ty\u0070e":"\ud83d\ude00\n","count":1}`;
  assert.deepEqual(picked(text, [1]), [new Map<string, Scalar>([["type", "😀\n"], ["count", 1]])]);
});

Deno.test("JsonPicker never throws, whatever comes", () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  const soup = fc.array(
    fc.constantFrom(...'{}[]",:\\ \n0-ea', '"type"', '"a"', "true", "\u0000", "é"),
    { maxLength: 40 },
  ).map((parts) => new TextEncoder().encode(parts.join("")));
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, soup), { maxLength: 5 }), (chunks) => {
      const picker = new JsonPicker(PATHS, () => {});
      for (const chunk of chunks) picker.push(chunk);
      picker.reset();
      // Whatever came before, the next text is read.
      const after: unknown[] = [];
      const next = new JsonPicker(PATHS, (one) => after.push(one.get("type")));
      for (const chunk of chunks) next.push(chunk);
      next.reset();
      after.length = 0;
      next.push(new TextEncoder().encode('{"type":"next"}'));
      assert.deepEqual(after, ["next"]);
    }),
    { numRuns: 500 },
  );
});

Deno.test("JsonPicker goes down a million levels and over a value of megabytes without keeping them", () => {
  const deep = `{"a":{"c":${'[{"a":'.repeat(500_000)}0${"}]".repeat(500_000)},"b":1},"count":2}`;
  assert.deepEqual(picked(deep, [65_536]), [
    new Map<string, Scalar>([["a.b", 1], ["count", 2]]),
  ]);
  const long = `{"type":"${"x".repeat(4_000_000)}","count":${"1".repeat(4_000_000)},"a":{"b":3}}`;
  assert.deepEqual(picked(long, [65_536]), [new Map<string, Scalar>([["a.b", 3]])]);
});

Deno.test("JsonPicker gives what it had of a text that is cut, and nothing between texts", () => {
  const picker = new JsonPicker(PATHS, () => {});
  const push = (text: string) => picker.push(new TextEncoder().encode(text));
  push('{"type":"message","a":{"b":1,"c":{"d":');
  assert.deepEqual(picker.reset(), new Map<string, Scalar>([["type", "message"], ["a.b", 1]]));
  assert.equal(picker.reset(), undefined);
  push('{"type":1}');
  assert.equal(picker.reset(), undefined);
});

Deno.test("JsonPicker passes over the rest of a text that is dismissed, and reads the next", () => {
  const found: unknown[] = [];
  const picker = new JsonPicker(
    PATHS,
    (one) => found.push(one.get("count")),
    (path, value) => path === "type" && value !== "wanted",
  );
  for (const text of ['{"count":1,"type":"other"}', '{"type":"wanted","count":2}']) {
    picker.push(new TextEncoder().encode(text));
    picker.reset();
  }
  assert.deepEqual(found, [2]);
});
