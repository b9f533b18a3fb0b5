import assert from "node:assert/strict";
import { bytesOf, compileLinearRegex, linearRegexProblem, routeSchema } from "./route.ts";

Deno.test("compileLinearRegex() matches whole texts only", () => {
  const regex = compileLinearRegex("/a|/b/.*");
  for (
    const [text, matches] of [["/a", true], ["/b/x", true], ["/ab", false], ["x/a", false]] as const
  ) {
    assert.equal(regex.test(text), matches, text);
  }
});

Deno.test("compileLinearRegex() takes time that grows with the text, not with its powers", () => {
  const regex = compileLinearRegex("(a+)+(a*)*b?");
  const started = performance.now();
  assert.equal(regex.test(`${"a".repeat(20_000)}!`), false);
  assert.ok(performance.now() - started < 5_000, "a backtracking engine would not have come back");
});

for (const source of ["(?=a)", "(?!a)", "(a)\\1", "(", "["]) {
  Deno.test(`linearRegexProblem() refuses ${source}`, () => {
    assert.notEqual(linearRegexProblem(source), undefined);
  });
}

Deno.test("bytesOf() reads binary suffixes in either case", () => {
  for (
    const [count, bytes] of [[5, 5], ["5", 5], ["2k", 2048], ["2K", 2048], ["1m", 1 << 20], [
      "1G",
      1 << 30,
    ]] as const
  ) {
    assert.equal(bytesOf(count), bytes);
  }
});

const ROUTES: readonly (readonly [string, unknown, boolean])[] = [
  ["a host", { host: "example.com" }, true],
  ["an address with allow_private", { host: "10.0.0.1", allow_private: true }, true],
  ["an address without it", { host: "10.0.0.1" }, false],
  ["an unknown key", { host: "example.com", method: "GET" }, false],
  ["no port", { host: "example.com", ports: [] }, false],
  [
    "a prefix without a slash",
    { host: "example.com", matches: [{ paths: [{ value: "v1" }] }] },
    false,
  ],
  ["an empty match", { host: "example.com", matches: [{}] }, true],
  [
    "a header scheme",
    { host: "example.com", auth: { scheme: "header:X-Key", token_ref: "T" } },
    true,
  ],
  [
    "a header scheme with a space",
    { host: "example.com", auth: { scheme: "header:X Key", token_ref: "T" } },
    false,
  ],
  ["an unknown detector", { host: "example.com", dlp: { outbound_detectors: ["magic"] } }, false],
  ["no detectors", { host: "example.com", dlp: { outbound_detectors: false } }, true],
];
for (const [what, route, accepted] of ROUTES) {
  Deno.test(`routeSchema ${accepted ? "accepts" : "refuses"} ${what}`, () => {
    assert.equal(routeSchema.safeParse(route).success, accepted);
  });
}
