import { equal, match, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Finding, OutboundMessage } from "./detector.ts";
import { messageDetector } from "./message_detector.ts";
import { buildScanner } from "./scanner.ts";

const SECRET = ["zk", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("_");
const detector = messageDetector(buildScanner({ secrets: [{ name: "TOKEN", value: SECRET }] }));

const CLEAN: OutboundMessage = {
  host: "api.example.com",
  method: "POST",
  path: "/v1/items",
  query: "",
  headers: [{ name: "content-type", value: "text/plain" }],
  body: new TextEncoder().encode("hello"),
  bodyComplete: true,
};

function inspect(part: Partial<OutboundMessage>): Finding | undefined {
  return detector.inspect({ ...CLEAN, ...part }) as Finding | undefined;
}

const encode = (text: string) => new TextEncoder().encode(text);

const PLACES: readonly [place: string, part: Partial<OutboundMessage>][] = [
  ["host", { host: `${SECRET.replaceAll("_", "-").toLowerCase()}.example.com` }],
  ["host", { host: `${SECRET.slice(3, 14)}.${SECRET.slice(14, 26)}.example.com` }],
  ["path", { path: `/repos/${SECRET}/issues` }],
  ["query", { query: `q=${SECRET}` }],
  ["query", { query: `a=${SECRET.slice(0, 9)}&zzz=${SECRET.slice(9, 17)}&b=${SECRET.slice(17)}` }],
  ["headers", { headers: [{ name: "x-trace", value: SECRET }] }],
  ["headers", { headers: [{ name: `x-${SECRET}`, value: "1" }] }],
  ["headers", {
    headers: [{ name: "x-a", value: SECRET.slice(0, 10) }, {
      name: "x-b",
      value: SECRET.slice(10),
    }],
  }],
  ["cookies", {
    headers: [{ name: "cookie", value: `a=${SECRET.slice(0, 10)}; bcd=${SECRET.slice(10)}` }],
  }],
  ["body", { body: encode(SECRET) }],
  ["body", {
    headers: [{ name: "Content-Encoding", value: "gzip" }],
    body: gzipSync(`{"k":"${SECRET}"}`),
  }],
  ["body", {
    body: encode(`--B\r\nContent-Disposition: form-data; filename="${SECRET}"\r\n\r\nx\r\n--B--`),
  }],
];

for (const [place, part] of PLACES) {
  Deno.test(`messageDetector() finds a secret in the ${place}: ${Object.keys(part).join()}`, () => {
    const finding = inspect(part);
    ok(finding !== undefined);
    equal(finding.severity, "block");
    ok(!JSON.stringify(finding).includes(SECRET.slice(4, 16)));
    equal(inspect({}), undefined);
  });
}

Deno.test("messageDetector() does not call a body clean that it could not read", () => {
  match(inspect({ bodyComplete: false })!.reason, /goes on/);
  match(
    inspect({ headers: [{ name: "content-encoding", value: "lzma" }] })!.reason,
    /content coding "lzma" is not known/,
  );
  equal(inspect({ bodyComplete: false })!.severity, "supervise");
});

Deno.test("messageDetector() reports header injection before anything else", () => {
  equal(inspect({ path: "/a%0d%0ab" })!.detector, "crlf");
});
