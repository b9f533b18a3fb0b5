import assert from "node:assert/strict";
import { BottleError } from "../core/errors.ts";
import { memoryFiles } from "./memory_files.ts";
import { parseMarkdownSource, parseYamlSource, readManifestText } from "./source.ts";

function refusal(run: () => unknown): BottleError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof BottleError);
    assert.equal(error.exit, 3);
    return error;
  }
  throw new Error("nothing was refused");
}

Deno.test("parseMarkdownSource() reads an empty block as an empty map", () => {
  assert.deepEqual(parseMarkdownSource("---\n---\nHi\n", "a.md").value, {});
  assert.deepEqual(parseMarkdownSource("---\n# nothing yet\n---\n", "a.md").value, {});
});

Deno.test("parseMarkdownSource() refuses everything outside the YAML subset, with place and excerpt", () => {
  const cases: [string, RegExp][] = [
    ["a: 1\na: 2", /^b\/x\.md:3:1: .*\n {2}3 \| a: 2\n {4}\| \^$/],
    ["a: &x 1", /^b\/x\.md:2:\d+: Anchors/],
    ["a: !!str 1", /^b\/x\.md:2:\d+: Tags/],
    ["<<: {a: 1}", /^b\/x\.md:2:1: Merge keys/],
    ["a: [1", /^b\/x\.md:\d+:\d+: /],
    ["env:\n  __proto__: {A: b}", /^b\/x\.md:3:3: The key __proto__/],
    ["a:\n\t- 1", /^b\/x\.md:3:\d+: /],
  ];
  for (const [yaml, expected] of cases) {
    const error = refusal(() => parseMarkdownSource(`---\n${yaml}\n---\n`, "b/x.md"));
    assert.equal(error.code, "manifest_yaml", yaml);
    assert.match(error.message, expected, yaml);
  }
});

Deno.test("parseMarkdownSource() says that a wildcard host needs quotes", () => {
  const error = refusal(() =>
    parseMarkdownSource("---\nroutes:\n  - host: *.example.com\n---\n", "x.md")
  );
  assert.match(error.message, /^x\.md:3:\d+: /);
  assert.match(error.hint ?? "", /in quotes: "\*\.example\.com"/);
});

Deno.test("parseMarkdownSource() refuses raw control characters and shows none of them", () => {
  for (const raw of ["\x1b]0;x\x07", "\0", "\x7f", "\x9b31m", "x\ry"]) {
    const error = refusal(() => parseMarkdownSource(`---\nb: 1\na: ${raw}\n---\n`, "x.md"));
    assert.match(error.message, /^x\.md:3:\d+: Control characters/);
    assert.doesNotMatch(error.message, /[^\n\P{Cc}]/u);
  }
  assert.deepEqual(parseMarkdownSource('---\na: "\\x1b"\t\r\n---\n', "x.md").value, { a: "\x1b" });
});

Deno.test("parseYamlSource() counts lines from the top of the file", () => {
  const source = parseYamlSource("\ufeff# settings\nbackend: docker\n", "settings.yml");
  assert.deepEqual(source.position(["backend"], { key: true }), {
    file: "settings.yml",
    line: 2,
    column: 1,
  });
});

Deno.test("readManifestText() says which file is not there or cannot be read", async () => {
  const files = memoryFiles({ "/a/x.md": "text" });
  assert.equal(await readManifestText(files, "/a/x.md"), "text");
  await assert.rejects(readManifestText(files, "/a/y.md"), {
    code: "manifest_unreadable",
    message: "Cannot read /a/y.md: the file is not there",
  });
  const broken = { ...files, readText: () => Promise.reject(new Error("permission denied")) };
  await assert.rejects(readManifestText(broken, "/a/x.md"), {
    code: "manifest_unreadable",
    message: "Cannot read /a/x.md: permission denied",
  });
  const told = new BottleError("Not allowed", { code: "not_permitted" });
  const refusing = { ...files, readText: () => Promise.reject(told) };
  await assert.rejects(readManifestText(refusing, "/a/x.md"), told);
});
