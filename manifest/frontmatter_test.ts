import assert from "node:assert/strict";
import fc from "fast-check";
import { isFrontmatterProblem, splitFrontmatter } from "./frontmatter.ts";
import { parseMarkdownSource } from "./source.ts";

function split(text: string) {
  const parts = splitFrontmatter(text, "a.md");
  if (isFrontmatterProblem(parts)) throw new Error(parts.problem);
  return parts;
}

function problem(text: string) {
  const parts = splitFrontmatter(text, "a.md");
  assert.ok(isFrontmatterProblem(parts), text);
  return parts;
}

Deno.test("splitFrontmatter() takes the YAML between the fences and the body after them", () => {
  assert.deepEqual(split("---\na: 1\nb: 2\n---\n\nBody\n  text\n\n"), {
    yaml: "a: 1\nb: 2\n",
    lineOffset: 1,
    body: "Body\n  text",
  });
});

Deno.test("splitFrontmatter() accepts an empty block, blanks after a fence, CRLF and a byte-order mark", () => {
  assert.equal(split("---\n---").yaml, "");
  assert.equal(split("---  \na: 1\n--- \t\nB").yaml, "a: 1\n");
  assert.deepEqual(split("\ufeff---\r\na: 1\r\n---\r\nB\r\n"), {
    yaml: "a: 1\r\n",
    lineOffset: 1,
    body: "B\r",
  });
});

Deno.test("splitFrontmatter() closes at the first fence, and leaves later ones to the body", () => {
  assert.deepEqual(split("---\na: 1\n---\none\n---\ntwo"), {
    yaml: "a: 1\n",
    lineOffset: 1,
    body: "one\n---\ntwo",
  });
});

Deno.test("splitFrontmatter() does not take an indented or longer line for a fence", () => {
  assert.equal(split("---\na: |\n  ---\n  x\n----: y\n---\n").yaml, "a: |\n  ---\n  x\n----: y\n");
});

Deno.test("splitFrontmatter() refuses a file whose first line is no fence", () => {
  for (
    const text of ["", "\n---\na: 1\n---\n", "# Title\n---\n---\n", " ---\n---\n", "----\n---\n"]
  ) {
    assert.match(problem(text).problem, /must begin with a line ---/);
  }
});

Deno.test("splitFrontmatter() refuses a block that is never closed", () => {
  assert.match(problem("---\na: 1\n").problem, /no closing line ---/);
  assert.match(problem("---").problem, /no closing line ---/);
});

const key = fc.stringMatching(/^[a-z]{1,8}$/);
const lineBreak = fc.constantFrom("\n", "\r\n");

Deno.test("a position in the frontmatter is the place of the key in the whole file", () => {
  fc.assert(fc.property(
    fc.uniqueArray(key, { minLength: 1, maxLength: 12 }),
    fc.array(fc.constantFrom("", "# a comment"), { maxLength: 4 }),
    fc.array(fc.constantFrom("text", "---", ""), { maxLength: 4 }),
    lineBreak,
    fc.boolean(),
    (keys, comments, body, eol, mark) => {
      const lines = [
        "---",
        ...comments,
        ...keys.map((name, at) => `${name}:  v${at}`),
        "---",
        ...body,
      ];
      const text = (mark ? "\ufeff" : "") + lines.join(eol);
      const source = parseMarkdownSource(text, "a.md");
      for (const name of keys) {
        const at = source.position([name], { key: true });
        assert.equal(lines[at.line - 1]!.slice(at.column - 1, at.column - 1 + name.length), name);
        const value = source.position([name]);
        assert.equal(value.line, at.line);
        assert.equal(lines[value.line - 1]![value.column - 1], "v");
      }
    },
  ));
});

Deno.test("splitting never throws, and a body that was joined comes back", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    splitFrontmatter(text, "a.md");
  }));
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[ -~]{0,12}$/)), (lines) => {
    const body = ["first", ...lines, "last"].join("\n");
    assert.equal(split(`---\na: 1\n---\n${body}\n`).body, body);
  }));
});
