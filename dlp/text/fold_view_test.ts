import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { CharacterFold } from "./fold_character.ts";
import { decodeAt, foldedView } from "./fold_view.ts";
import { nextNonAscii } from "./non_ascii.ts";
import { rawView } from "./view.ts";

const fold = new CharacterFold();

function folded(text: string): string | undefined {
  return foldedView(rawView(new TextEncoder().encode(text)), fold)?.text.trimEnd();
}

const CASES: readonly [name: string, text: string, ascii: string][] = [
  ["full-width letters", "ｔｏｋｅｎ＿１", "token_1"],
  ["mathematical letters", "𝐭𝐨𝐤𝐞𝐧", "token"],
  ["circled letters", "ⓣⓞⓚⓔⓝ", "token"],
  ["Cyrillic look-alikes", "tоkеn", "token"],
  ["Greek look-alikes", "tοkεn", "token"],
  ["combining marks", "t\u0301o\u0301k\u0301e\u0301n", "token"],
  ["zero-width characters", "to\u200bk\u200den", "token"],
  ["soft hyphens", "to\u00adken", "token"],
  [
    "tag characters",
    [..."token"].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join(""),
    "token",
  ],
];

for (const [name, text, ascii] of CASES) {
  Deno.test(`foldedView() reads ${name} as ASCII`, () => equal(folded(text), ascii));
}

Deno.test("foldedView() leaves text alone that reads as nothing in ASCII", () => {
  for (const text of ["plain", "日本語のテキスト", "a — b", "wait…", "naïve".replace("ï", "i")]) {
    equal(folded(text), undefined, text);
  }
});

Deno.test("foldedView() keeps where each byte came from", () => {
  const text = `${"x".repeat(2000)} tоken ${"y".repeat(5000)}`;
  const bytes = new TextEncoder().encode(text);
  const view = foldedView(rawView(bytes), fold)!;
  const at = view.text.indexOf("token");
  const { start, end } = view.origin(at, at + 5);
  equal(new TextDecoder().decode(bytes.slice(start, end)), "tоken");
});

Deno.test("no two look-alikes are the wrong way round: ASCII folds to nothing but itself", () => {
  for (let code = 0x80; code < 0x3000; code++) {
    const read = fold.fold(code);
    ok(read === undefined || /^[\x21-\x7e]*$/.test(read), code.toString(16));
  }
  equal(fold.fold("ⓐ".codePointAt(0)!), "a");
});

Deno.test("decodeAt() reads what TextEncoder writes, at every character", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const bytes = new TextEncoder().encode(text);
    const points: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const [point, size] = decodeAt(bytes, at);
      points.push(point);
      at += size;
    }
    equal(points.map((point) => String.fromCodePoint(point)).join(""), text);
  }));
});

Deno.test("nextNonAscii() finds the first byte above 127 at any alignment", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (all, from) => {
    const bytes = all.subarray(Math.min(1, all.length));
    const start = Math.min(from, bytes.length);
    const expected = bytes.findIndex((byte, index) => index >= start && byte >= 0x80);
    equal(nextNonAscii(bytes, start), expected < 0 ? bytes.length : expected);
  }));
});
