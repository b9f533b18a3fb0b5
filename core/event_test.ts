import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalJson,
  chainEvent,
  type ChainHead,
  ChainVerifier,
  GENESIS,
  type Json,
} from "./event.ts";

const TIME = "2026-01-02T03:04:05.000Z";

/** Lines of a chain of events that differ in one field. */
function chain(length: number, from: ChainHead = GENESIS): string[] {
  let head = from;
  return Array.from({ length }, (_, number) => {
    const event = chainEvent(head, TIME, { type: "test", number, left_out: undefined });
    head = event;
    return JSON.stringify(event);
  });
}

function verdictOf(lines: readonly string[], anchor: ChainHead | null = GENESIS) {
  const verifier = new ChainVerifier(anchor);
  for (const line of lines) verifier.push(line);
  return verifier.verdict();
}

Deno.test("ChainVerifier accepts a whole chain and knows its head", () => {
  const lines = chain(5);
  const verdict = verdictOf(lines);
  const last = JSON.parse(lines[4]!);
  assert.deepEqual(verdict, { ok: true, events: 5, head: { seq: 5, hash: last.hash } });
  assert.equal("left_out" in last, false);
});

Deno.test("ChainVerifier accepts the rest of a chain whose beginning was rotated away", () => {
  const lines = chain(5).slice(2);
  assert.equal(verdictOf(lines, null).ok, true);
  assert.equal(verdictOf(lines).ok, false);
});

Deno.test("ChainVerifier accepts any order of fields: what counts is what they say", () => {
  const [line] = chain(1);
  const reversed = Object.fromEntries(Object.entries(JSON.parse(line!)).reverse());
  assert.equal(verdictOf([JSON.stringify(reversed)]).ok, true);
});

const TAMPERED: readonly (readonly [string, (lines: string[]) => string[], number])[] = [
  [
    "a line that was edited",
    (lines) => lines.with(2, lines[2]!.replace('"number":2', '"number":9')),
    3,
  ],
  ["a line that was removed", (lines) => lines.toSpliced(2, 1), 3],
  ["the first line removed", (lines) => lines.slice(1), 1],
  ["two lines that changed places", (lines) => [lines[0]!, lines[2]!, lines[1]!, lines[3]!], 2],
  ["a line twice", (lines) => lines.toSpliced(2, 0, lines[1]!), 3],
  ["a line that was cut", (lines) => lines.with(3, lines[3]!.slice(0, -9)), 4],
  ["a field that was added", (lines) => lines.with(1, lines[1]!.replace("{", '{"x":1,')), 2],
  ["a field that was removed", (lines) => lines.with(1, lines[1]!.replace(/"number":1,/, "")), 2],
  ["a hash that was removed", (lines) => lines.with(1, lines[1]!.replace(/"hash"/, '"h"')), 2],
  ["a line that is no object", (lines) => lines.with(1, "[]"), 2],
  ["another chain behind it", (lines) => [...lines, ...chain(1)], 5],
  [
    "a chain made anew from the middle",
    (lines) => [...lines.slice(0, 2), ...chain(2, { seq: 2, hash: "1".repeat(64) })],
    3,
  ],
];
for (const [what, change, line] of TAMPERED) {
  Deno.test(`ChainVerifier finds ${what}`, () => {
    const verdict = verdictOf(change(chain(4)));
    assert.equal(verdict.ok, false);
    assert.equal(verdict.fault?.line, line, verdict.fault?.reason);
  });
}

Deno.test("canonicalJson() is one text for equal values, and reads back as the value", () => {
  assert.equal(
    canonicalJson({ b: 1, a: [true, null, { d: "\n", c: 2 }] }),
    '{"a":[true,null,{"c":2,"d":"\\n"}],"b":1}',
  );
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value as Json);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    assert.equal(canonicalJson(JSON.parse(text)), text);
  }));
});
