import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { archiveKind, isTarHeader } from "./archive_kind.ts";
import { LinesAt } from "./allow_comment.ts";
import { builtInRules, withoutGlobalExemptions } from "./gitleaks_rules.ts";
import { printableRuns } from "./printable_runs.ts";
import { endingOf } from "./text_inspector.ts";
import { treeEntries } from "./tree_entries.ts";
import { WideText } from "./wide_text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

const RULES = `title = "gitleaks config"

minVersion = "v8.25.0"

# For everything.
[allowlist]
description = "global"
paths = [
    '''node_modules''',
]
stopwords = [
    "abc",
]

[[rules]]
id = "a"
regex = '''[a-z]{4}'''
keywords = ["a"]
[[rules.allowlists]]
regexes = [
    '''x''',
]

[[rules]]
id = "b"
keywords = [
    "b",
]

`;

Deno.test("builtInRules() takes the rules out of a program and drops what exempts everything", () => {
  const program = Buffer.concat([
    Buffer.from('\x7fELF\0title = "gitleaks config"\0'),
    Buffer.from(RULES),
    Buffer.from("\0\x01rest"),
  ]);
  const rules = builtInRules(program)!;
  assert.match(rules, /id = "b"\nkeywords = \[\n {4}"b",\n\]/);
  assert.match(rules, /\[\[rules\.allowlists\]\]/);
  assert.doesNotMatch(rules, /node_modules|stopwords|rest/);
  assert.equal(builtInRules(bytes("no rules here")), undefined);
  assert.equal(builtInRules(bytes('title = "gitleaks config"\n')), undefined);
});

Deno.test("builtInRules() ends where the next text of the program begins", () => {
  const rules = builtInRules(bytes(`${RULES}runtime: out of memory`))!;
  assert.doesNotMatch(rules, /out of memory/);
  assert.match(rules, /id = "b"/);
});

Deno.test("withoutGlobalExemptions() drops the newer spelling as well", () => {
  assert.equal(
    withoutGlobalExemptions("a = 1\n[[allowlists]]\npaths = ['''x''']\n[[rules]]\nid = \"r\""),
    'a = 1\n[[rules]]\nid = "r"',
  );
});

Deno.test("WideText finds UTF-16 and UTF-32 wherever it begins and however it is cut", () => {
  const secret = "a secret value, quite long";
  const le = Buffer.from(secret, "utf16le");
  const utf32 = Buffer.concat([...secret].map((c) => Buffer.from([c.charCodeAt(0), 0, 0, 0])));
  for (const wide of [le, Buffer.from(le).swap16(), utf32, Buffer.from(utf32).swap32()]) {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        (before, step) => {
          const whole = Buffer.concat([before, bytes("narrow "), wide, bytes("\x01narrow")]);
          const finder = new WideText();
          const found: Uint8Array[] = [];
          for (let at = 0; at < whole.length; at += step) {
            found.push(finder.push(whole.subarray(at, at + step)));
          }
          found.push(finder.end());
          // The first character may stand beside narrow text, and the last one too.
          assert.ok(text(Buffer.concat(found)).includes(secret.slice(1, -1)));
        },
      ),
      { numRuns: 50 },
    );
  }
});

Deno.test("WideText is silent about narrow text and zeros", () => {
  const finder = new WideText();
  assert.equal(finder.push(bytes("plain text\nand more")).length, 0);
  assert.equal(finder.push(new Uint8Array(1000)).length, 0);
  assert.equal(finder.end().length, 0);
});

Deno.test("printableRuns() keeps runs of text, one a line", () => {
  assert.equal(
    text(printableRuns(bytes("\0\x01hello world\0abc\0second\x02"))),
    "hello world\nsecond\n",
  );
  assert.equal(printableRuns(new Uint8Array(100)).length, 0);
});

Deno.test("LinesAt gives the line around an offset and lines by number, however the bytes are cut", () => {
  const content = "first\nsecond line\nthird\nlast without end";
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: content.length - 1 }),
      fc.integer({ min: 1, max: 50 }),
      (offset, step) => {
        const lines = content.split("\n");
        const number = content.slice(0, offset).split("\n").length;
        const byOffset = new LinesAt(undefined, offset);
        const byNumber = new LinesAt({ first: number, last: number });
        for (let at = 0; at < content.length; at += step) {
          byOffset.push(bytes(content).subarray(at, at + step));
          byNumber.push(bytes(content).subarray(at, at + step));
        }
        const expected = lines[number - 1]!;
        assert.equal(byOffset.text().replace(/\n$/, ""), expected);
        assert.equal(byOffset.line, number);
        assert.equal(byNumber.text().replace(/\n$/, ""), expected);
      },
    ),
  );
});

Deno.test("LinesAt does not keep a line that is too long to carry a comment", () => {
  const found = new LinesAt(undefined, 10);
  found.push(bytes(`${"x".repeat(100_000)} gitleaks:allow\nnext gitleaks:allow\n`));
  assert.equal(found.text(), "");
});

Deno.test("archiveKind() goes by marks", () => {
  const kind = (head: string, zip = false) => archiveKind(Buffer.from(head, "latin1"), zip);
  assert.deepEqual(kind("\x1f\x8b\x08\0"), { open: "gzip" });
  assert.deepEqual(kind("plain text", true), { open: "zip" });
  assert.deepEqual(kind("\xfd7zXZ\0"), { closed: "xz" });
  assert.deepEqual(kind("\x28\xb5\x2f\xfd"), { closed: "zstd" });
  assert.deepEqual(kind("# v2 git bundle\n"), { closed: "git bundle" });
  assert.deepEqual(kind("BZh91AY&SY"), { closed: "bzip2" });
  assert.equal(kind("BZh is a word"), undefined);
  assert.equal(kind("plain text"), undefined);
  assert.equal(kind(""), undefined);
});

Deno.test("isTarHeader() goes by the checksum, so that the oldest format is seen too", () => {
  const header = Buffer.alloc(512);
  header.write("name.txt", 0);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  assert.equal(isTarHeader(header), true);
  header[0]! ^= 1;
  assert.equal(isTarHeader(header), false);
  assert.equal(isTarHeader(new Uint8Array(512)), false);
});

Deno.test("endingOf() gives gitleaks only endings that its rules ask for", () => {
  assert.equal(endingOf("a/package-lock.json"), ".txt");
  assert.equal(endingOf("logo.png"), ".txt");
  assert.equal(endingOf("k8s.YAML"), ".yaml");
  assert.equal(endingOf("a/NuGet.config"), "-nuget.config");
  assert.equal(endingOf("key.p12"), ".p12");
});

Deno.test("treeEntries() reads names as bytes and refuses what is cut off", () => {
  const id = Buffer.alloc(20, 0xab);
  const tree = Buffer.concat([
    bytes("100644 a.txt\0"),
    id,
    bytes("40000 "),
    Buffer.from([0xff, 0xfe]),
    bytes("\0"),
    id,
  ]);
  const entries = [...treeEntries(tree)];
  assert.deepEqual(entries.map(({ mode, id }) => [mode, id]), [["100644", "ab".repeat(20)], [
    "40000",
    "ab".repeat(20),
  ]]);
  assert.deepEqual([...entries[1]!.name], [0xff, 0xfe]);
  assert.throws(() => [...treeEntries(tree.subarray(0, 20))]);
});
