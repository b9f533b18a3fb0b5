import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { matching } from "./matching.ts";

const NAMES = ["python-dev", "web", "dev", "webdev", "Reviewer"];

const matched = (query: string) => matching(NAMES, query).map((index) => NAMES[index]);

Deno.test("matching() puts what begins with the query first, then what holds it, then its letters in order", () => {
  deepEqual(matched(""), NAMES);
  deepEqual(matched("dev"), ["dev", "python-dev", "webdev"]);
  deepEqual(matched("web"), ["web", "webdev"]);
  deepEqual(matched("wd"), ["webdev"]);
  deepEqual(matched("pdv"), ["python-dev"]);
  deepEqual(matched("vd"), []);
});

Deno.test("matching() knows no upper and lower case, and no blanks around the query", () => {
  deepEqual(matched("REV"), ["Reviewer"]);
  deepEqual(matched(" rev "), ["Reviewer"]);
});

Deno.test("matching() names each text once at most, and those that hold the query always", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.string(), (texts, query) => {
      const found = matching(texts, query);
      deepEqual(found.length, new Set(found).size);
      for (const [index, text] of texts.entries()) {
        if (text.includes(query)) ok(found.includes(index));
      }
    }),
  );
});
