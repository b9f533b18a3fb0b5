import assert from "node:assert/strict";
import { countSession, sessionLines } from "./session_summary.ts";

const at = (second: number) => `2030-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;
const line = (fields: Record<string, unknown>, second = 5) =>
  JSON.stringify({ time: at(second), ...fields });

Deno.test("countSession() counts what happened since the start, and nothing before", () => {
  const counts = countSession([
    line({ type: "egress", verdict: "deny", host: "old.example.com" }, 1),
    line({ type: "egress", verdict: "allow", host: "api.example.com", redacted: 2 }),
    line({ type: "egress", verdict: "deny", host: "a.example.com" }),
    line({ type: "egress", verdict: "deny", host: "a.example.com" }),
    line({
      type: "usage",
      input: 1_000,
      cache_read: 500,
      cache_write: 1,
      output: 9,
      complete: true,
    }),
    line({ type: "usage", input: 2, cache_read: 0, cache_write: 0, output: 1, complete: false }),
    line({ type: "usage", input: "7", output: null, complete: true }),
    line({ type: "push_allowed" }),
    line({ type: "push_refused" }),
    line({ type: "proposal_queued" }),
    "torn",
    "null",
  ], at(2));
  assert.deepEqual(counts, {
    requests: 3,
    denied: new Map([["a.example.com", 2]]),
    redacted: 2,
    tokens: { input: 1_503, cached: 500, output: 10, incomplete: 1 },
    pushed: 1,
    refused: 1,
    proposals: 1,
  });
});

const NO_TOKENS = { input: 0, cached: 0, output: 0, incomplete: 0 };
const none = {
  requests: 1,
  denied: new Map(),
  redacted: 0,
  tokens: NO_TOKENS,
  pushed: 0,
  refused: 0,
  proposals: 0,
};

Deno.test("sessionLines() says what happened, the hosts that were denied most first", () => {
  assert.deepEqual(sessionLines(999, none), ["1 s, 1 request"]);
  const denied = new Map([["b", 1], ["a", 3], ["c", 1], ["d", 1], ["e", 1], ["f", 1]]);
  assert.deepEqual(
    sessionLines(125_000, { ...none, requests: 9, denied, redacted: 1, pushed: 2, proposals: 1 }),
    [
      "2 min 5 s, 9 requests, 8 denied, 1 secret taken out, 2 pushes, 1 proposal",
      "denied: a (3), b, c, d, e and 1 more",
    ],
  );
  assert.match(sessionLines(2 * 3600_000 + 60_000, none)[0]!, /^2 h 1 min/);
});

Deno.test("sessionLines() says how many tokens went each way, and when there were more", () => {
  const said = (tokens: typeof NO_TOKENS) => sessionLines(1_000, { ...none, tokens })[0];
  assert.equal(
    said({ input: 1_021_300, cached: 18_000, output: 1_204, incomplete: 0 }),
    "1 s, 1 request, 1,021,300 tokens in (18,000 cached), 1,204 out",
  );
  assert.equal(
    said({ input: 999, cached: 0, output: 0, incomplete: 2 }),
    "1 s, 1 request, at least 999 tokens in, at least 0 out",
  );
  assert.equal(said({ ...NO_TOKENS, incomplete: 1 }), "1 s, 1 request, tokens not known");
});

Deno.test("sessionLines() breaks lines between words where a terminal is narrow", () => {
  const tokens = { input: 21_300, cached: 18_000, output: 1_204, incomplete: 0 };
  const denied = new Map([["telemetry.example.com", 2], ["www.example.org", 1]]);
  assert.deepEqual(sessionLines(12_000, { ...none, requests: 14, denied, tokens, pushed: 1 }, 28), [
    "12 s, 14 requests, 3 denied,",
    "21,300 tokens in (18,000",
    "cached), 1,204 out, 1 push",
    "denied:",
    "telemetry.example.com (2),",
    "www.example.org",
  ]);
});
