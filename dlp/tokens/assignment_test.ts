import { equal } from "node:assert/strict";
import { type Assignment, assignmentOf, continuesWord, isInsideWord } from "./assignment.ts";

for (
  const [gap, expected] of [
    ["_API_KEY=", "assigned"],
    ['Token := "', "assigned"],
    ['_token": "', "assigned"],
    ['_TOKEN", "', "assigned"],
    ['_api_token" {\n  default = "', "assigned"],
    [" SECRET ", "named"],
    ["-access-token-", "named"],
    ["Token>\n    ", "named"],
    [' = "', "named"],
    [" ", "near"],
    ["-", "near"],
    ["_CLIENT_ID=", "identifier"],
    ['.accountId: "', "identifier"],
    ["_SECRET_ID_TOKEN=", "assigned"],
    [" is a service. The hash is ", "none"],
    ["; }\n const hash = ", "none"],
    ["/node/commit/", "none"],
    ["=1, b=2, c=3, d=4, key=", "none"],
  ] as [string, Assignment][]
) {
  Deno.test(`assignmentOf() calls ${JSON.stringify(`vendor${gap}…`)} ${expected}`, () =>
    equal(assignmentOf("vendor", gap, {}), expected));
}

Deno.test("assignmentOf() wants a word such as key after an everyday word", () => {
  equal(assignmentOf("box", " ", { common: true }), "none");
  equal(assignmentOf("box", "_token = ", { common: true }), "assigned");
  equal(assignmentOf("box", "=", { common: true }), "near");
});

Deno.test("assignmentOf() wants nothing more after the whole name of a variable", () => {
  equal(assignmentOf("db_password", " = ", { exactName: true }), "assigned");
  equal(assignmentOf("db_password", ".length", { exactName: true }), "none");
});

Deno.test("continuesWord() lets a vendor's name be followed by key, token and the like", () => {
  equal(continuesWord("sumOfItems", 3), false);
  equal(continuesWord("summary", 3), true);
  equal(continuesWord("vendorapikey", 6), false);
});

Deno.test("isInsideWord() knows camel case and escapes", () => {
  equal(isInsideWord("rookTable", 1), true);
  equal(isInsideWord("myVendor", 2), false);
  equal(isInsideWord("\\nvendor", 2), false);
});
