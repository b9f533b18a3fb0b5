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

Deno.test("MultiSearch finds patterns of more than 255 bytes", () => {
  const long = Buffer.alloc(400, "ab");
  assert.deepEqual(occurrences([long], Buffer.concat([Buffer.from("x"), long])), ["1+400"]);
});

Deno.test("MultiSearch of nothing finds nothing; one byte is too short to search for", () => {
  assert.deepEqual(occurrences([], Buffer.from("abc")), []);
  assert.throws(() => new MultiSearch([Buffer.from("a")]), RangeError);
});
