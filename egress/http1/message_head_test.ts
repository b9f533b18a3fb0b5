import assert from "node:assert/strict";
import { formatHead, parseRequestHead, parseResponseHead } from "./message_head.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

Deno.test("parseRequestHead() reads method, target, version and fields in order", () => {
  const head = parseRequestHead("POST /a?b HTTP/1.1\r\nHost: x\r\nA:\t b \t\r\na: c\r\nE:\r\n");
  assert.deepEqual(
    { ...head, headers: head.headers.map(({ name, raw, value }) => [name, raw, value]) },
    {
      method: "POST",
      target: "/a?b",
      minor: 1,
      headers: [["host", "Host", "x"], ["a", "A", "b"], ["a", "a", "c"], ["e", "E", ""]],
    },
  );
});

const REQUESTS: readonly (readonly [string, string])[] = [
  ["GET /", "malformed_request"],
  ["GET  / HTTP/1.1", "malformed_request"],
  ["GET / HTTP/1.1 ", "malformed_request"],
  [" GET / HTTP/1.1", "malformed_request"],
  ["GET\t/ HTTP/1.1", "malformed_request"],
  ["GET /a b HTTP/1.1", "malformed_request"],
  ["GET /\x7f HTTP/1.1", "malformed_request"],
  ["GET /\xe9 HTTP/1.1", "malformed_request"],
  ["G(T / HTTP/1.1", "malformed_request"],
  ["G\xcbT / HTTP/1.1", "malformed_request"],
  ["GET / http/1.1", "malformed_request"],
  ["GET / HTTP/1", "malformed_request"],
  ["GET / HTTP/1.10", "malformed_request"],
  ["GET / HTTP/01.1", "malformed_request"],
  ["GET / HTTP/1.2", "unsupported_version"],
  ["GET / HTTP/2.0", "unsupported_version"],
  ["GET / HTTP/0.9", "unsupported_version"],
  ["GET / HTTP/1.1\r\nA : b", "malformed_request"],
  ["GET / HTTP/1.1\r\n A: b", "malformed_request"],
  ["GET / HTTP/1.1\r\nA: b\r\n\tc", "malformed_request"],
  ["GET / HTTP/1.1\r\n: b", "malformed_request"],
  ["GET / HTTP/1.1\r\nA", "malformed_request"],
  ["GET / HTTP/1.1\r\nA(: b", "malformed_request"],
  ["GET / HTTP/1.1\r\nA: b\x0cc", "malformed_request"],
  ["GET / HTTP/1.1\r\nA: \x7f", "malformed_request"],
];
for (const [text, code] of REQUESTS) {
  Deno.test(`parseRequestHead() refuses ${JSON.stringify(text)} with ${code}`, () => {
    assert.throws(
      () => parseRequestHead(text),
      (error) => error instanceof HttpSyntaxError && error.code === code,
    );
  });
}

Deno.test("parseRequestHead() keeps bytes above ASCII in a value, and in a CONNECT authority", () => {
  assert.equal(parseRequestHead("GET / HTTP/1.1\r\nA: \xfc").headers[0]!.value, "\xfc");
  assert.equal(
    parseRequestHead("CONNECT \xc3\xbc.example:443 HTTP/1.1").target,
    "\xc3\xbc.example:443",
  );
});

Deno.test("parseResponseHead() reads a status with and without a reason", () => {
  for (
    const [text, status, reason] of [
      ["HTTP/1.1 200 OK", 200, "OK"],
      ["HTTP/1.0 404 Not Found", 404, "Not Found"],
      ["HTTP/1.1 204 ", 204, ""],
      ["HTTP/1.1 204", 204, ""],
    ] as const
  ) {
    const head = parseResponseHead(text);
    assert.deepEqual([head.status, head.reason], [status, reason]);
  }
});

const RESPONSES = [
  "HTTP/1.1 2000 OK",
  "HTTP/1.1 20 OK",
  "HTTP/1.1 600 Odd",
  "HTTP/1.1 099 Odd",
  "HTTP/2 200 OK",
  "HTTP/1.1  200 OK",
  "HTTP/1.1 200 O\x01K",
  "http/1.1 200 OK",
  "ICY 200 OK",
  "HTTP/1.1 200 OK\r\nA: b\0c",
];
for (const text of RESPONSES) {
  Deno.test(`parseResponseHead() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseResponseHead(text), HttpSyntaxError);
  });
}

Deno.test("formatHead() writes what the parsers read", () => {
  const text = formatHead("GET / HTTP/1.1", [{ name: "a", raw: "A", value: "b" }]);
  assert.equal(text, "GET / HTTP/1.1\r\nA: b\r\n\r\n");
  assert.equal(parseRequestHead(text).headers[0]!.value, "b");
});
