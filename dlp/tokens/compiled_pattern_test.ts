import { deepEqual, equal } from "node:assert/strict";
import { keyed, prefixed } from "../patterns/row.ts";
import { CompiledPattern } from "./compiled_pattern.ts";

const SOURCE = "https://example.com/";
/** Values are put together here: none is in the source. */
const VALUE = ["Zq7xW2kf", "P9vB4mTj", "8RnYc3Hd"].join("");

const prefix = new CompiledPattern(prefixed("p", "Example", "exm_", "[A-Za-z0-9]{24}", SOURCE));
const named = new CompiledPattern(keyed("k", "Example", "example", "[A-Za-z0-9]{24}", SOURCE));
const after = (text: string) => named.valueAfter(text, "example", 7, { looked: 0, nextValue: 0 });

Deno.test("a token of the documented form leaves no doubt", () => {
  deepEqual(prefix.matchAt(`exm_${VALUE}`, 0), { start: 0, end: 28 });
});

Deno.test("a token that is longer than documented is doubtful in its form", () => {
  deepEqual(prefix.matchAt(`exm_${VALUE}9kQ2`, 0), { start: 0, end: 32, doubt: "form" });
});

Deno.test("a token is not found inside a word, and is found after an escape", () => {
  equal(prefix.matchAt(`aexm_${VALUE}`, 1), undefined);
  deepEqual(prefix.matchAt(`\\nexm_${VALUE}`, 2)?.start, 2);
});

Deno.test("a token that counts up is an example, one of a single character is nothing", () => {
  equal(prefix.matchAt(`exm_${"abcdefghijkl"}${"1234567890ab"}`, 0)?.doubt, "example");
  equal(prefix.matchAt(`exm_${"x".repeat(24)}`, 0), undefined);
});

Deno.test("a value assigned to a vendor's key leaves no doubt", () => {
  deepEqual(after(`example_api_key = "${VALUE}"`), { start: 19, end: 43 });
});

Deno.test("a value that only follows a vendor's name is told by the name alone", () => {
  equal(after(`example ${VALUE}`)?.doubt, "name");
  equal(after(`example: ${VALUE}`)?.doubt, "name");
});

Deno.test("a value that is an identifier by its name is one", () => {
  equal(after(`example_client_id=${VALUE}`)?.doubt, "identifier");
});

Deno.test("a longer value than documented is doubtful in its form", () => {
  deepEqual(after(`example_token=${VALUE}a7Z`), { start: 14, end: 41, doubt: "form" });
});

Deno.test("words and templates are no values", () => {
  equal(after("example_token=configurationOptionsList"), undefined);
  equal(after("example_token=your_token_goes_right_here"), undefined);
});

Deno.test("a version-1 UUID is doubtful, a version-4 UUID is not", () => {
  const uuid = new CompiledPattern(
    keyed("u", "Example", "example", "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", SOURCE),
  );
  const found = (version: string) =>
    uuid.valueAfter(`example_key=9f03c1e8-b74d-${version}6a5-8f19-c7d8e3f20b46`, "example", 7, {
      looked: 0,
      nextValue: 0,
    });
  equal(found("1")?.doubt, "form");
  equal(found("4")?.doubt, undefined);
  equal(found("4")?.start, 12);
});

Deno.test("the second search with one pattern finds what the first found", () => {
  const text = `example_api_key = "${VALUE}"`;
  deepEqual(after(text), after(text));
  deepEqual(prefix.matchAt(`exm_${VALUE}`, 0), prefix.matchAt(`exm_${VALUE}`, 0));
});
