import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { buildAutomaton } from "./aho_corasick.ts";

function found(words: readonly string[], text: string): string[] {
  const hits: string[] = [];
  buildAutomaton(words).search(
    new TextEncoder().encode(text),
    (word, end) => hits.push(`${word}:${end}`),
  );
  return hits.sort();
}

function naive(words: readonly string[], text: string): string[] {
  const hits: string[] = [];
  words.forEach((word, index) => {
    for (let at = 0; at + word.length <= text.length; at++) {
      if (text.slice(at, at + word.length).toLowerCase() === word.toLowerCase()) {
        hits.push(`${index}:${at + word.length}`);
      }
    }
  });
  return hits.sort();
}

Deno.test("buildAutomaton() finds what a naive search finds, wherever the input is split", () => {
  const letters = fc.constantFrom("a", "b", "A", "_", "-");
  const word = fc.array(letters, { minLength: 1, maxLength: 5 }).map((list) => list.join(""));
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { minLength: 1, maxLength: 6, selector: (text) => text.toLowerCase() }),
      fc.array(letters, { maxLength: 60 }).map((list) => list.join("")),
      (words, text) => deepEqual(found(words, text), naive(words, text)),
    ),
    { numRuns: 500 },
  );
});

Deno.test("buildAutomaton() reports hits in the order of their ends", () => {
  const ends: number[] = [];
  buildAutomaton(["ab", "b"]).search(
    new TextEncoder().encode("ab".repeat(40)),
    (_, end) => ends.push(end),
  );
  deepEqual(ends, ends.toSorted((a, b) => a - b));
  equal(ends.length, 80);
});
