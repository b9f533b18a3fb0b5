import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { MultiSearch } from "./multi_search.ts";

function occurrences(patterns: readonly Buffer[], bytes: Buffer): string[] {
  const found: string[] = [];
  new MultiSearch(patterns).each(bytes, (at, length) => found.push(`${at}+${length}`));
  return found.sort();
}

/** The same by looking everywhere. */
function everywhere(patterns: readonly Buffer[], bytes: Buffer): string[] {
  const found: string[] = [];
  for (const pattern of patterns) {
    for (let at = 0; at + pattern.length <= bytes.length; at++) {
      if (bytes.subarray(at, at + pattern.length).equals(pattern)) {
        found.push(`${at}+${pattern.length}`);
      }
    }
  }
  return found.sort();
}

Deno.test("MultiSearch finds what a search for each pattern finds, in any bytes", () => {
  const letters = fc.array(fc.constantFrom(97, 98), { minLength: 2, maxLength: 6 });
  const patterns = fc.uniqueArray(letters.map((bytes) => Buffer.from(bytes)), {
    minLength: 1,
    maxLength: 5,
    selector: String,
  });
  const text = fc.array(fc.constantFrom(97, 98, 99), { maxLength: 60 });
  fc.assert(
    fc.property(patterns, text, (wanted, bytes) => {
      const haystack = Buffer.from(bytes);
      assert.deepEqual(occurrences(wanted, haystack), everywhere(wanted, haystack));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("MultiSearch finds what stands in and around long runs of one byte", () => {
  const patterns = ["s\0\0\0e\0\0\0c\0\0\0", "\0s\0e\0c\0r", "zzzzabc1", "abcdzzzz"].map((text) =>
    Buffer.from(text)
  );
  const run = fc.tuple(fc.constantFrom("\0", "z", "s"), fc.nat(70)).map(([byte, count]) =>
    byte.repeat(count)
  );
  const parts = fc.array(fc.oneof(run, fc.constantFrom(...patterns.map(String))), { maxLength: 8 });
  fc.assert(
    fc.property(parts, (texts) => {
      const haystack = Buffer.from(texts.join(""));
      assert.deepEqual(occurrences(patterns, haystack), everywhere(patterns, haystack));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("MultiSearch in any case finds letters of either case, and no other character for them", () => {
  const search = new MultiSearch([Buffer.from("DeadBeef00")], true);
  for (const text of ["deadbeef00", "DEADBEEF00", "dEADbEEF00"]) {
    assert.equal(search.isIn(Buffer.from(`x${text}x`)), true, text);
  }
  assert.equal(search.isIn(Buffer.from("$eadbeef00")), false);
});

Deno.test("MultiSearch.partialLength() tells how much of a pattern stands at the end", () => {
  const search = new MultiSearch(["abcdef", "bcx"].map((text) => Buffer.from(text)));
  const lengths: readonly (readonly [string, number])[] = [
    ["..abc", 3],
    ["..bc", 2],
    ["..a", 1],
    ["abcdef", 0],
    ["", 0],
  ];
  for (const [text, length] of lengths) {
    assert.equal(search.partialLength(Buffer.from(text), 1, 10), length, text);
  }
  assert.equal(search.partialLength(Buffer.from("..abc"), 4, 10), 0);
});

Deno.test("MultiSearch finds patterns of more than 255 bytes", () => {
  const long = Buffer.alloc(400, "ab");
  assert.deepEqual(occurrences([long], Buffer.concat([Buffer.from("x"), long])), ["1+400"]);
});

Deno.test("MultiSearch of nothing finds nothing; one byte is too short to search for", () => {
  assert.deepEqual(occurrences([], Buffer.from("abc")), []);
  assert.throws(() => new MultiSearch([Buffer.from("a")]), RangeError);
});
