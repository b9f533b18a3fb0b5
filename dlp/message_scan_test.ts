import { Buffer } from "node:buffer";
import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { MessageScan, OutboundMessage } from "./detector.ts";
import { scanMessage } from "./message_scan.ts";
import { buildScanner } from "./scanner.ts";

const SECRET = ["zk", "7Qm2Zp9XvK4tRw8L", "dY3nHs6J"].join("_");
const scanner = buildScanner({ secrets: [{ name: "TOKEN", value: SECRET }] });
const OPTIONS = {
  maxBody: 1024 * 1024,
  fingerprint: (value: Uint8Array) => createHash("sha256").update(value).digest("hex"),
};

const CLEAN: OutboundMessage = {
  host: "api.example.com",
  method: "POST",
  path: "/v1/items",
  query: "",
  headers: [{ name: "content-type", value: "text/plain" }],
  body: new TextEncoder().encode("hello"),
};

function inspect(part: Partial<OutboundMessage>): MessageScan {
  return scanMessage(scanner, { ...CLEAN, ...part }, OPTIONS);
}

const encode = (text: string) => new TextEncoder().encode(text);

const half = (at: number) => [SECRET.slice(0, at), SECRET.slice(at)] as const;
const form = (part: string | Uint8Array, disposition = "form-data") =>
  Buffer.concat([
    Buffer.from(`--B\r\nContent-Disposition: ${disposition}\r\n\r\n`),
    Buffer.from(part as Uint8Array),
    Buffer.from("\r\n--B--\r\n"),
  ]);

const PLACES: readonly [place: string, part: Partial<OutboundMessage>][] = [
  ["host", { host: `${SECRET.replaceAll("_", "-").toLowerCase()}.example.com` }],
  ["host", { host: `${SECRET.slice(3, 14)}.${SECRET.slice(14, 26)}.example.com` }],
  ["path", { path: `/repos/${SECRET}/issues` }],
  ["query", { query: `?q=${SECRET}` }],
  ["request", {
    query: `?a=${SECRET.slice(0, 9)}&zzz=${SECRET.slice(9, 17)}&b=${SECRET.slice(17)}`,
  }],
  ["request", { path: `/${SECRET.slice(0, 11)}`, query: `?q=${SECRET.slice(11, 22)}` }],
  ["headers", { headers: [{ name: "x-trace", value: SECRET }] }],
  ["header user-agent", { headers: [{ name: "User-Agent", value: `x/1 ${SECRET}` }] }],
  ["headers", { headers: [{ name: `x-${SECRET}`, value: "1" }] }],
  ["request", {
    headers: [{ name: "x-first", value: SECRET.slice(0, 11) }, {
      name: "x-second",
      value: SECRET.slice(11, 22),
    }],
  }],
  ["request", {
    headers: [{ name: "cookie", value: `a=${half(11)[0]}; bcd=${SECRET.slice(11, 22)}` }],
  }],
  ["body", { body: encode(SECRET) }],
  ...Object.entries({ gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync }).map((
    [coding, compress],
  ): [string, Partial<OutboundMessage>] => ["body", {
    headers: [{ name: "Content-Encoding", value: coding }],
    body: compress(`{"k":"${SECRET}"}`),
  }]),
  ["body", { body: form("x", `form-data; filename="${SECRET}"`) }],
  ["body", { body: form("x", `form-data; name="${SECRET}"`) }],
  ["body", { body: form(gzipSync(`k=${SECRET}`)) }],
];

for (const [place, part] of PLACES) {
  Deno.test(`scanMessage() finds a secret in the ${place}: ${JSON.stringify(part).slice(0, 60)}`, () => {
    const [found] = inspect(part).matches;
    ok(found !== undefined);
    equal(found.severity, "block");
    equal(found.place, place);
    ok(!JSON.stringify(found).includes(SECRET.slice(4, 16)));
    deepEqual(inspect({}).matches, []);
  });
}

Deno.test("scanMessage() does not call a body clean that it could not read", () => {
  const coded = (value: string, body: Uint8Array) =>
    inspect({ headers: [{ name: "content-encoding", value }], body }).body;
  equal(coded("lzma", encode("x"))?.tooLarge, false);
  equal(coded("constructor", encode("x"))?.tooLarge, false);
  equal(coded("gzip", encode("not gzip"))?.tooLarge, false);
  equal(coded("gzip", gzipSync(new Uint8Array(2 * 1024 * 1024)))?.tooLarge, true);
  equal(coded("gzip", Buffer.concat([gzipSync("x"), encode(SECRET)]))?.tooLarge, false);
  equal(coded("gzip", gzipSync("x")), undefined);
});

Deno.test("scanMessage() reports header injection before anything else", () => {
  equal(inspect({ path: "/a%0d%0ab", query: SECRET }).matches[0]?.detector, "crlf");
});

Deno.test("scanMessage() shows what stands around a value, and nothing that could be one", () => {
  const other = SECRET.toLowerCase().replace("7", "9");
  const { matches } = inspect({ body: encode(`name: build, key: ${SECRET}, next: ${other} end`) });
  equal(matches[0]?.context, "name: build, key: [redacted], next: … end");
  equal(inspect({ body: encode([...SECRET].join(" ")) }).matches[0]?.context, "[redacted]");
});

Deno.test("scanMessage() gives one value one fingerprint, wherever it lies", () => {
  const one = inspect({ query: `?q=${SECRET}` }).matches[0]?.fingerprint;
  equal(inspect({ body: encode(btoa(SECRET)) }).matches[0]?.fingerprint, one);
  equal(inspect({ body: encode(SECRET), query: `?q=${SECRET}` }).matches.length, 1);
});

Deno.test("scanMessage() leaves familiar lines out, and tells which were not", () => {
  const first = inspect({ query: "?page=1" });
  deepEqual(first.fresh, ["api.example.com", "/v1/items", "?page=1", "content-type: text/plain"]);
  const familiar = new Set(first.fresh);
  const again = (part: Partial<OutboundMessage>) =>
    scanMessage(scanner, { ...CLEAN, ...part }, { ...OPTIONS, familiar });
  deepEqual(again({ query: "?page=2" }).fresh, ["?page=2"]);
  deepEqual(again({ query: `?page=${SECRET}` }).matches[0]?.place, "query");
  const halves = again({ path: `/${SECRET.slice(0, 11)}`, query: `?q=${SECRET.slice(11, 22)}` });
  equal(halves.matches[0]?.place, "request");
});

Deno.test("scanMessage() does not read a body with something behind its coded data", () => {
  for (
    const [coding, compress] of Object.entries({ br: brotliCompressSync, zstd: zstdCompressSync })
  ) {
    const { body } = inspect({
      headers: [{ name: "Content-Encoding", value: coding }],
      body: Buffer.concat([compress("harmless"), Buffer.from(SECRET)]),
    });
    ok(body !== undefined);
  }
});
