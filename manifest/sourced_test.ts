import assert from "node:assert/strict";
import fc from "fast-check";
import {
  EMPTY_MAP,
  nodeAt,
  originAt,
  originText,
  plainValue,
  sourced,
  withNode,
} from "./sourced.ts";
import type { SourcedMap } from "./sourced.ts";

const tree = (value: unknown) =>
  sourced(value, (path) => ({
    kind: "file",
    position: { file: path.join("."), line: path.length + 1, column: 1 },
  }));

Deno.test("plainValue() gives back what sourced() was given", () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
  }));
  fc.assert(fc.property(value, (given) => assert.deepEqual(plainValue(tree(given)), given)));
});

Deno.test("originAt() gives the origin of a value or of its nearest ancestor", () => {
  const node = tree({ a: { b: [1, 2] } });
  assert.equal(originText(originAt(node, ["a", "b", 1])), "a.b.1:4");
  assert.equal(originText(originAt(node, ["a", "b", 9, "x"])), "a.b:3");
  assert.equal(originText(originAt(node, ["nope"])), ":1");
});

Deno.test("withNode() sets a node deep in a map and leaves the given map as it was", () => {
  const before = tree({ a: { b: 1 } }) as SourcedMap;
  const after = withNode(before, ["a", "c"], tree(2));
  assert.deepEqual(plainValue(after), { a: { b: 1, c: 2 } });
  assert.deepEqual(plainValue(before), { a: { b: 1 } });
  assert.equal(nodeAt(after, ["a", "b"]), nodeAt(before, ["a", "b"]));
  assert.deepEqual(plainValue(withNode(EMPTY_MAP, ["x", "y"], tree(1))), { x: { y: 1 } });
  assert.equal(EMPTY_MAP.members.size, 0);
});
