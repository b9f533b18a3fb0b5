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
    pushed: 1,
    refused: 1,
    proposals: 1,
  });
});

Deno.test("sessionLines() says what happened, the hosts that were denied most first", () => {
  const none = { requests: 1, denied: new Map(), redacted: 0, pushed: 0, refused: 0, proposals: 0 };
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
