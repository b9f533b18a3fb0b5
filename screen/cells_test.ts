import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { clip, clipStart, fit, width, wrap, wrapWords } from "./cells.ts";

Deno.test("width() counts cells: two for wide characters, none for marks", () => {
  equal(width("abc"), 3);
  equal(width("漢字"), 4);
  equal(width("e\u0301"), 1);
  equal(width("😀!"), 3);
});

Deno.test("clip() never takes more cells than there are, and says that it left something out", () => {
  equal(clip("abcdef", 6), "abcdef");
  equal(clip("abcdef", 4), "abc…");
  equal(clip("漢字漢字", 5), "漢字…");
  equal(clip("漢字漢字", 4), "漢…");
  equal(clip("abc", 0), "");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, cells) => {
      ok(width(clip(text, cells)) <= cells);
      ok(width(clipStart(text, cells)) <= cells);
      equal(width(fit(text, cells)), cells);
    }),
  );
});

Deno.test("wrap() leaves nothing out and never takes more cells than there are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 20 }), (text, cells) => {
      const pieces = wrap(text, cells);
      equal(pieces.join(""), text);
      ok(pieces.every((piece) => width(piece) <= cells));
    }),
  );
});

Deno.test("wrapWords() breaks between words, and a word that is too long", () => {
  deepEqual(wrapWords("one two three", 8), ["one two", "three"]);
  deepEqual(wrapWords("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
  deepEqual(wrapWords("", 4), [""]);
});
