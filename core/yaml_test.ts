import assert from "node:assert/strict";
import { parseStrictYaml, YamlProblem } from "./yaml.ts";

Deno.test("parseStrictYaml() reads maps, lists, text, numbers and booleans of YAML 1.2", () => {
  const text = "a: 1\nb: [x, 'y']\nc:\n  d: true\n  e: no\n  f: 0o17\n  g: null\n  h: 1_000\n";
  assert.deepEqual(parseStrictYaml(text, "f").value, {
    a: 1,
    b: ["x", "y"],
    c: { d: true, e: "no", f: 15, g: null, h: "1_000" },
  });
});

const REFUSED: readonly (readonly [string, string, number, number])[] = [
  ["an anchor", "a: &x 1\n", 1, 7],
  ["an alias", "a: 1\nb: *x\n", 2, 4],
  ["a tag", "a: !!str 1\n", 1, 10],
  ["a tag of its own", "a:\n  b: !evil {}\n", 2, 6],
  ["a merge key", "a:\n  <<: {b: 1}\n", 2, 3],
  ["a key twice", "a: 1\nb: 2\na: 3\n", 3, 1],
  ["a key twice in a flow map", "x: {a: 1, a: 2}\n", 1, 11],
  ["a key that is a list", "? [a]\n: b\n", 1, 3],
  ["a second document", "a: 1\n---\nb: 2\n", 2, 1],
  ["a tab for indentation", "a:\n\tb: 1\n", 2, 1],
  ["an unclosed list", "a: [1\n", 2, 1],
];
for (const [what, text, line, column] of REFUSED) {
  Deno.test(`parseStrictYaml() refuses ${what} and says where`, () => {
    assert.throws(() => parseStrictYaml(text, "file.yaml", 10), (error) => {
      assert.ok(error instanceof YamlProblem);
      assert.equal(error.position.file, "file.yaml");
      assert.deepEqual([error.position.line, error.position.column], [line + 10, column]);
      return true;
    });
  });
}

Deno.test("parseStrictYaml() refuses what would take long to read", () => {
  assert.throws(() => parseStrictYaml("[".repeat(200) + "]".repeat(200), "f"), YamlProblem);
  assert.throws(() => parseStrictYaml(`a: ${"x".repeat(1 << 20)}`, "f"), YamlProblem);
});

Deno.test("position() points at a value, at its key, or at the nearest thing that is there", () => {
  const { position } = parseStrictYaml("a:\n  - b: one\n    c: two\n", "f", 2);
  const at = (path: readonly (string | number)[], key = false) => {
    const { line, column } = position(path, { key });
    return [line, column];
  };
  assert.deepEqual(at(["a", 0, "c"]), [5, 8]);
  assert.deepEqual(at(["a", 0, "c"], true), [5, 5]);
  assert.deepEqual(at(["a", 0, "missing"]), at(["a", 0]));
  assert.deepEqual(at(["a"], true), [3, 1]);
});
