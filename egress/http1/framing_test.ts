import assert from "node:assert/strict";
import { requestFraming, responseFraming } from "./framing.ts";
import { parseRequestHead, parseResponseHead } from "./message_head.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

function request(fields: readonly string[], version = "1.1") {
  return requestFraming(parseRequestHead([`POST / HTTP/${version}`, ...fields].join("\r\n")));
}

function response(fields: readonly string[], status = 200, method = "GET") {
  return responseFraming(
    parseResponseHead([`HTTP/1.1 ${status} Reason`, ...fields].join("\r\n")),
    method,
  );
}

Deno.test("requestFraming() takes no body, a length, or chunked", () => {
  assert.deepEqual(request([]), { kind: "none" });
  assert.deepEqual(request(["Content-Length: 0"]), { kind: "length", length: 0 });
  assert.deepEqual(request(["Content-Length: 005"]), { kind: "length", length: 5 });
  assert.deepEqual(request(["Transfer-Encoding: chunked"]), { kind: "chunked" });
  assert.deepEqual(request(["transfer-encoding: Chunked"]), { kind: "chunked" });
});

const AMBIGUOUS: readonly (readonly [readonly string[], string])[] = [
  [["Content-Length: 5", "Content-Length: 5"], "malformed_request"],
  [["Content-Length: 5, 5"], "malformed_request"],
  [["Content-Length: +5"], "malformed_request"],
  [["Content-Length: -0"], "malformed_request"],
  [["Content-Length: 5 5"], "malformed_request"],
  [["Content-Length:"], "malformed_request"],
  [["Content-Length: 9999999999999999"], "malformed_request"],
  [["Content_Length: 5"], "malformed_request"],
  [["Transfer_Encoding: chunked"], "malformed_request"],
  [["Content-Length: 5", "Transfer-Encoding: chunked"], "malformed_request"],
  [["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "malformed_request"],
  [["Transfer-Encoding: chunked, chunked"], "malformed_request"],
  [["Transfer-Encoding: chunked, gzip"], "malformed_request"],
  [["Transfer-Encoding: , chunked"], "malformed_request"],
  [["Transfer-Encoding: chunked,"], "malformed_request"],
  [["Transfer-Encoding: chunked;q=1"], "malformed_request"],
  [["Transfer-Encoding: identity"], "malformed_request"],
  [["Transfer-Encoding:"], "malformed_request"],
  [["Transfer-Encoding: gzip, chunked"], "unsupported_transfer_coding"],
];
for (const [fields, code] of AMBIGUOUS) {
  Deno.test(`requestFraming() refuses ${fields.join(" and ")} with ${code}`, () => {
    assert.throws(
      () => request(fields),
      (error) => error instanceof HttpSyntaxError && error.code === code,
    );
  });
}

Deno.test("requestFraming() refuses a transfer coding in HTTP/1.0", () => {
  assert.throws(() => request(["Transfer-Encoding: chunked"], "1.0"), HttpSyntaxError);
});

Deno.test("responseFraming() knows which answers have no body", () => {
  assert.deepEqual(response(["Content-Length: 5"], 200, "HEAD"), { kind: "none" });
  assert.deepEqual(response(["Content-Length: 5"], 304), { kind: "none" });
  assert.deepEqual(response([], 204), { kind: "none" });
  assert.deepEqual(response(["Content-Length: 0"], 204), { kind: "none" });
  assert.deepEqual(response([], 200), { kind: "until-close" });
  assert.deepEqual(response(["Content-Length: 5"]), { kind: "length", length: 5 });
  assert.deepEqual(response(["Transfer-Encoding: chunked"]), { kind: "chunked" });
});

Deno.test("responseFraming() refuses what two readers could read differently", () => {
  assert.throws(() => response(["Content-Length: 5"], 204), HttpSyntaxError);
  assert.throws(() => response(["Transfer-Encoding: chunked"], 204), HttpSyntaxError);
  assert.throws(() => response(["Content-Length: 5", "Content-Length: 6"]), HttpSyntaxError);
  assert.throws(
    () => response(["Content-Length: 5", "Transfer-Encoding: chunked"]),
    HttpSyntaxError,
  );
});
