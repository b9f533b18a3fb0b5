import assert from "node:assert/strict";
import fc from "fast-check";
import { EventStream } from "./event_stream.ts";

/** The data of each event of a stream that comes in pieces of these lengths. */
function eventsOf(text: string, lengths: readonly number[] = [text.length || 1]): string[] {
  const events: string[] = [];
  let data: number[] = [];
  const stream = new EventStream({
    data: (bytes, from, to) => data.push(...bytes.subarray(from, to)),
    event: () => {
      events.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(data)));
      data = [];
    },
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const next = at + lengths[turn % lengths.length]!;
    stream.push(bytes.subarray(at, next));
    at = next;
  }
  stream.end();
  return events;
}

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ["joins the lines of one event", "data: one\ndata: two\n\n", ["one\ntwo"]],
  ["passes over other fields and comments", ": hello\nid: 1\nevent: x\ndata: one\n\n", ["one"]],
  ["takes one space away, not two", "data:one\n\ndata: two\n\ndata:  three\n\n", [
    "one",
    "two",
    " three",
  ]],
  ["reads LF, CR and CRLF", "data: 1\r\rdata: 2\n\ndata: 3\r\n\r\ndata: 4\r\n\n", [
    "1",
    "2",
    "3",
    "4",
  ]],
  ["takes an event that no blank line ends", "data: one\n\ndata: two", ["one", "two"]],
  ["knows fields by their whole name", "dat: 1\ndatas: 2\n data: 3\nDATA: 4\n\n", []],
  ["takes data without a value", "data\n\ndata:\n\ndata\ndata: x\n\n", ["", "", "\nx"]],
  ["needs data for an event", "event: ping\n\n\n\n: \n\n", []],
  ["passes over a byte order mark, once", "\ufeffdata: 1\n\n\ufeffdata: 2\n\n", ["1"]],
  ["keeps what stands in a line", "data: \u00e9\ufeff: data: x\n\n", ["\u00e9\ufeff: data: x"]],
];

for (const [what, text, expected] of CASES) {
  Deno.test(`EventStream ${what}`, () => {
    assert.deepEqual(eventsOf(text), expected);
    assert.deepEqual(eventsOf(text, [1]), expected);
  });
}

Deno.test("EventStream gives the same wherever the stream is split", () => {
  const line = fc.constantFrom("data: a", "data:b", "data", ": c", "event: d", "", "data: é", "x");
  const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 20 })
    .map((lines) => lines.flat().join(""));
  const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(stream, lengths, (text, lengths) => {
      assert.deepEqual(eventsOf(text, lengths), eventsOf(text));
      const plain = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
      assert.deepEqual(eventsOf(text), eventsOf(plain));
    }),
    { numRuns: 500 },
  );
});
