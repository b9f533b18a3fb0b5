import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalTarget } from "./canonical_target.ts";
import { isDenial } from "./denial.ts";

const CANONICAL: readonly (readonly [string, string, string?, string?])[] = [
  ["/", "/"],
  ["/a/b", "/a/b"],
  ["/a//b", "/a/b"],
  ["/a/./b", "/a/b"],
  ["/a/../b", "/b"],
  ["/../../a", "/a"],
  ["/a/b/..", "/a/"],
  ["/a/b/.", "/a/b/"],
  ["/%61%2D%2e%5f%7E", "/a-._~"],
  ["/%2e%2e/a", "/a"],
  ["/a%20%3f", "/a%20%3F"],
  ["/%c3%a9", "/%C3%A9"],
  ["/a;b", "/a;b"],
  ["/.a/..b/...", "/.a/..b/..."],
  ["/a?b=/../%2f%00", "/a", "?b=/../%2f%00"],
  ["/@scope%2fname", "/@scope%2Fname", "", "/@scope/name"],
  ["/@scope%2Fname/-/name-1.tgz", "/@scope%2Fname/-/name-1.tgz", "", "/@scope/name/-/name-1.tgz"],
  ["*", "*"],
];
for (const [target, path, query = "", matchPath = path] of CANONICAL) {
  Deno.test(`canonicalTarget() makes ${path}${query} of ${target}`, () => {
    assert.deepEqual(canonicalTarget(target), { path, matchPath, query });
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["", "malformed_request"],
  ["a", "malformed_request"],
  ["http://example.com/", "malformed_request"],
  ["//a", "path_not_canonical"],
  ["/a#b", "path_not_canonical"],
  ["/a?b#c", "path_not_canonical"],
  ["/a\\b", "path_not_canonical"],
  ["/a%5cb", "path_not_canonical"],
  ["/a%2fb", "path_not_canonical"],
  ["/a%00", "path_not_canonical"],
  ["/a%0d%0a", "path_not_canonical"],
  ["/%252e", "path_not_canonical"],
  ["/%25252f", "path_not_canonical"],
  ["/%", "path_not_canonical"],
  ["/%4", "path_not_canonical"],
  ["/%4g", "path_not_canonical"],
  ["/%ff", "path_not_canonical"],
  ["/%c0%af", "path_not_canonical"],
  ["/..;/a", "path_not_canonical"],
  ["/.;a=b/c", "path_not_canonical"],
  ["/..%3bx", "path_not_canonical"],
  ["/@scope%2f..%2fname", "path_not_canonical"],
  ["/@scope%2f.hidden", "path_not_canonical"],
  ["/scope%2fname", "path_not_canonical"],
];
for (const [target, code] of REFUSED) {
  Deno.test(`canonicalTarget() refuses ${JSON.stringify(target)} with ${code}`, () => {
    const refused = canonicalTarget(target);
    assert.ok(isDenial(refused), JSON.stringify(refused));
    assert.equal(refused.code, code);
  });
}

const SEGMENTS = [
  "a",
  ".",
  "..",
  "",
  "%2e",
  "%2E%2e",
  "%61",
  "%2f",
  "b;c",
  "%c3%a9",
  "@s%2fn",
  "%",
];

Deno.test("canonicalTarget() gives a form that it gives again, without dot segments or double slashes", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 8 }), (segments) => {
    const once = canonicalTarget(`/${segments.join("/")}`);
    if (isDenial(once)) return;
    assert.deepEqual(canonicalTarget(once.path), once);
    assert.doesNotMatch(once.path, /\/\/|\/\.{1,2}(?:\/|$)|%(?:2e|61|5f)/i);
  }));
});
