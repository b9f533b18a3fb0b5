import assert from "node:assert/strict";
import { trailerProblem } from "./field_rules.ts";
import type { DecodedField } from "./hpack_decoder.ts";
import { readRequestHead } from "./request_head.ts";

const METHOD = [":method", "GET"] as const;
const SCHEME = [":scheme", "https"] as const;
const AUTHORITY = [":authority", "example.com"] as const;
const PATH = [":path", "/"] as const;
const HEAD = [METHOD, SCHEME, AUTHORITY, PATH];

function read(fields: readonly DecodedField[], ends = true, overflow = false) {
  return readRequestHead({ fields: [...fields], overflow }, ends);
}

Deno.test("a request becomes what it would be in HTTP/1.1", () => {
  const head = read([
    [":method", "POST"],
    SCHEME,
    [":path", "/a?b"],
    AUTHORITY,
    ["cookie", "a=1"],
    ["x-value", "caf\u00e9"],
    ["cookie", "b=2"],
    ["content-length", "5"],
    ["expect", "100-continue"],
    ["te", "trailers"],
  ], false);
  assert.equal(head.refusal, undefined);
  assert.deepEqual([head.method, head.target, head.length, head.expectContinue], [
    "POST",
    "/a?b",
    5,
    true,
  ]);
  assert.deepEqual(head.headers.map(({ raw, value }) => `${raw}: ${value}`), [
    "Host: example.com",
    "x-value: caf\u00e9",
    "content-length: 5",
    "expect: 100-continue",
    "te: trailers",
    "cookie: a=1; b=2",
  ]);
});

Deno.test("a Host that says the same as :authority stands once, and another one beside it", () => {
  const hosts = (value: string) =>
    read([...HEAD, ["host", value]]).headers.filter(({ name }) => name === "host").length;
  assert.equal(hosts("example.com"), 1);
  assert.equal(hosts("example.org"), 2);
  assert.equal(read([METHOD, SCHEME, PATH, ["host", "example.com"]]).headers.length, 1);
});

Deno.test("CONNECT and the form of a path are left to the policy", () => {
  assert.equal(read([METHOD, SCHEME, AUTHORITY, [":path", "a"]]).refusal, undefined);
  assert.equal(read([[":method", "CONNECT"], AUTHORITY], false).refusal, undefined);
  assert.equal(
    read([[":method", "OPTIONS"], SCHEME, AUTHORITY, [":path", "*"]]).refusal,
    undefined,
  );
});

const MALFORMED: [string, readonly DecodedField[]][] = [
  ["no method", [SCHEME, AUTHORITY, PATH]],
  ["no scheme", [METHOD, AUTHORITY, PATH]],
  ["no path", [METHOD, SCHEME, AUTHORITY]],
  ["an empty path", [METHOD, SCHEME, AUTHORITY, [":path", ""]]],
  ["a path with a space", [METHOD, SCHEME, AUTHORITY, [":path", "/a b"]]],
  ["a path with a byte above ASCII", [METHOD, SCHEME, AUTHORITY, [":path", "/\u00e9"]]],
  ["the scheme http", [METHOD, [":scheme", "http"], AUTHORITY, PATH]],
  ["an authority with a line break", [METHOD, SCHEME, [":authority", "a\r\nb"], PATH]],
  ["a method that is no token", [[":method", "GET /"], SCHEME, AUTHORITY, PATH]],
  ["CONNECT with a path", [[":method", "CONNECT"], AUTHORITY, PATH]],
  ["an unknown pseudo-header", [...HEAD, [":protocol", "websocket"]]],
  ["the pseudo-header of an answer", [...HEAD, [":status", "200"]]],
  ["a pseudo-header twice", [...HEAD, PATH]],
  ["a pseudo-header after a header", [METHOD, SCHEME, AUTHORITY, ["x", "1"], PATH]],
  ["a name in upper case", [...HEAD, ["X", "1"]]],
  ["an empty name", [...HEAD, ["", "1"]]],
  ["a name with a line break", [...HEAD, ["x\r\ny", "1"]]],
  ["a name with a space", [...HEAD, ["x ", "1"]]],
  ["a value with a line break", [...HEAD, ["x", "1\r\ny: 2"]]],
  ["a value with NUL", [...HEAD, ["x", "\0"]]],
  ["a value that begins with a space", [...HEAD, ["x", " 1"]]],
  ["a value that ends with a tab", [...HEAD, ["x", "1\t"]]],
  ["a length spelled as a variable", [...HEAD, ["content_length", "0"]]],
  ["a coding spelled as a variable", [...HEAD, ["transfer.encoding", "chunked"]]],
  ["connection", [...HEAD, ["connection", "close"]]],
  ["transfer-encoding", [...HEAD, ["transfer-encoding", "chunked"]]],
  ["upgrade", [...HEAD, ["upgrade", "websocket"]]],
  ["another te", [...HEAD, ["te", "gzip"]]],
  ["content-length twice", [...HEAD, ["content-length", "0"], ["content-length", "0"]]],
  ["a negative content-length", [...HEAD, ["content-length", "-1"]]],
  ["a content-length without a body", [...HEAD, ["content-length", "1"]]],
];
for (const [what, fields] of MALFORMED) {
  Deno.test(`a request with ${what} is malformed`, () => {
    assert.equal(read(fields).refusal?.code, "malformed_request");
  });
}

Deno.test("a request with too many headers is refused as such", () => {
  assert.equal(read(HEAD, true, true).refusal?.code, "headers_too_large");
});

Deno.test("a request with a path of more than a request line, or an unknown expectation, is refused as such", () => {
  const long = read([METHOD, SCHEME, AUTHORITY, [":path", `/${"a".repeat(32_768)}`]]);
  assert.equal(long.refusal?.code, "target_too_long");
  const expects = (...values: string[]) =>
    read([...HEAD, ...values.map((value) => ["expect", value] as const)]).refusal?.code;
  assert.equal(expects("100-Continue"), undefined);
  assert.equal(expects("x"), "expectation_unknown");
  assert.equal(expects("100-continue", "x"), "expectation_unknown");
});

Deno.test("trailers hold plain fields and nothing else", () => {
  const problem = (...fields: DecodedField[]) => trailerProblem({ fields, overflow: false });
  assert.equal(problem(["x-checksum", "1"]), undefined);
  assert.notEqual(problem(PATH), undefined);
  assert.notEqual(problem(["x", "1\n"]), undefined);
  assert.notEqual(trailerProblem({ fields: [], overflow: true }), undefined);
});
