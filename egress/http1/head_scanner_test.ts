import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { HeadScanner, MAX_FIELDS, MAX_HEAD_BYTES, MAX_START_LINE_BYTES } from "./head_scanner.ts";
import { HttpSyntaxError } from "./syntax_error.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

/** Scans what has arrived after each step; the head, or null when it has no end. */
function scan(whole: Buffer, step: number): string | null {
  const scanner = new HeadScanner();
  for (let size = step;; size += step) {
    const arrived = whole.subarray(0, size);
    const found = scanner.scan(arrived);
    if (found !== null) return arrived.toString("latin1", found.start, found.end);
    if (size >= whole.length) return null;
  }
}

const HEADS: readonly (readonly [string, string | null])[] = [
  ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"],
  ["GET / HTTP/1.1\r\nA: b\r\n\r\nrest", "GET / HTTP/1.1\r\nA: b\r\n\r\n"],
  ["\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"],
  ["\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"],
  ["GET / HTTP/1.1\r\nA: b\r\n", null],
  ["GET / HTTP/1.1\r\nA: b\r", null],
  ["", null],
];
for (const [text, head] of HEADS) {
  Deno.test(`HeadScanner finds the head in ${JSON.stringify(text)}, however it arrives`, () => {
    for (let step = 1; step <= text.length + 1; step++) assert.equal(scan(bytes(text), step), head);
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["GET / HTTP/1.1\n\n", "malformed_request"],
  ["GET / HTTP/1.1\r\nA: b\n\r\n", "malformed_request"],
  ["GET / HTTP/1.1\r\n\n", "malformed_request"],
  ["GET / HTTP/1.1\rA: b\r\n\r\n", "malformed_request"],
  ["GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "malformed_request"],
  ["GET / HTTP/1.1\r\nA: b\0\r\n\r\n", "malformed_request"],
  ["GET /\0 HTTP/1.1\r\n\r\n", "malformed_request"],
  ["\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", "malformed_request"],
  ["\n", "malformed_request"],
  [`GET /${"a".repeat(MAX_START_LINE_BYTES)} HTTP/1.1\r\n\r\n`, "target_too_long"],
  [`GET / HTTP/1.1\r\nA: ${"a".repeat(MAX_HEAD_BYTES)}\r\n\r\n`, "headers_too_large"],
  [`GET / HTTP/1.1\r\n${"A: b\r\n".repeat(MAX_FIELDS + 1)}\r\n`, "headers_too_large"],
];
for (const [text, code] of REFUSED) {
  Deno.test(`HeadScanner refuses ${JSON.stringify(text.slice(0, 30))} with ${code}, however it arrives`, () => {
    for (const step of [1, 7, 4_096, text.length].filter((size) => text.length / size < 5_000)) {
      assert.throws(
        () => scan(bytes(text), step),
        (error) => error instanceof HttpSyntaxError && error.code === code,
        `in steps of ${step}`,
      );
    }
  });
}

Deno.test("HeadScanner refuses an endless line before it has ended", () => {
  assert.throws(
    () => scan(bytes(`GET /${"a".repeat(MAX_START_LINE_BYTES)}`), 1_024),
    HttpSyntaxError,
  );
  const endless = bytes(`GET / HTTP/1.1\r\nA: ${"a".repeat(MAX_HEAD_BYTES)}`);
  assert.throws(() => scan(endless, 1_024), HttpSyntaxError);
});

Deno.test("HeadScanner takes a head of exactly the limits", () => {
  assert.notEqual(scan(bytes(`GET / HTTP/1.1\r\n${"A: b\r\n".repeat(MAX_FIELDS)}\r\n`), 512), null);
});
