import { equal } from "node:assert/strict";
import { headerInjection } from "./crlf.ts";

const CLEAN = {
  host: "api.example.com",
  path: "/v1/items",
  query: "q=two%0Alines&x=1",
  headers: [{ name: "accept", value: "*/*" }],
};

Deno.test("headerInjection() lets ordinary requests through, also text with line breaks in the query", () => {
  equal(headerInjection(CLEAN), undefined);
  equal(
    headerInjection({ ...CLEAN, query: "?q=two%0d%0alines%0d%0a%0d%0aand a third" }),
    undefined,
  );
  equal(
    headerInjection({
      ...CLEAN,
      headers: [{ name: "referer", value: "https://example.com/a%20b" }],
    }),
    undefined,
  );
});

const INJECTED: readonly [place: string, part: Partial<typeof CLEAN>][] = [
  ["path", { path: "/a%0d%0aX-Evil: 1" }],
  ["path", { path: "/a\r\nX-Evil: 1" }],
  ["path", { path: "/a%250d%250aX" }],
  ["query", { query: "q=1%0d%0aSet-Cookie:%20a=b" }],
  ["query", { query: "q=1%0aX-Evil%3a1" }],
  ["query", { query: "q=1%0d%0a%0d%0aGET /" }],
  ["query", { query: "q=%E5%98%8D\r\nX: 1" }],
  ["headers", { headers: [{ name: "X-A", value: "1\r\nX-B: 2" }] }],
  ["headers", { headers: [{ name: "X-A", value: "1%0d%0aX-B: 2" }] }],
  ["header name", { headers: [{ name: "X-A\r\nX-B", value: "1" }] }],
];

for (const [place, part] of INJECTED) {
  Deno.test(`headerInjection() finds a header in the ${place}: ${JSON.stringify(part)}`, () => {
    equal(headerInjection({ ...CLEAN, ...part }), place);
  });
}
