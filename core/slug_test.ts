import assert from "node:assert/strict";
import { BottleError } from "./errors.ts";
import { isSlug, randomSlug, slugFromLabel } from "./slug.ts";

const LABELS: readonly (readonly [string, string])[] = [
  ["Fix login", "fix-login"],
  ["  Fix  login!  ", "fix-login"],
  ["\u00dcber-gro\u00df", "uber-gro"],
  ["2nd try", "nd-try"],
  ["a".repeat(80), "a".repeat(63)],
  [`${"a".repeat(62)}-b`, "a".repeat(62)],
  ["../../etc", "etc"],
];
for (const [label, slug] of LABELS) {
  Deno.test(`slugFromLabel() makes ${slug.slice(0, 20)} of ${JSON.stringify(label.slice(0, 20))}`, () => {
    assert.equal(slugFromLabel(label), slug);
    assert.ok(isSlug(slug));
  });
}

for (
  const label of ["", "---", "123", "\u4f60\u597d", "two\nlines", "a\tb", "a\x1b[2J", "a\u2028b"]
) {
  Deno.test(`slugFromLabel() refuses ${JSON.stringify(label)}`, () => {
    assert.throws(() => slugFromLabel(label), BottleError);
  });
}

for (const text of ["", "A", "1a", "-a", "a-", "a_b", "a.b", "a/b", "a b", "a\n", "a".repeat(64)]) {
  Deno.test(`isSlug() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.equal(isSlug(text), false);
  });
}

Deno.test("randomSlug() gives a slug of the name and five random characters", () => {
  const slug = randomSlug("n".repeat(63), (bytes) => void bytes.fill(255));
  assert.equal(slug, `${"n".repeat(57)}-99999`);
  assert.ok(isSlug(slug));
});
