import { equal } from "node:assert/strict";
import { chainEvent, type EventFields, GENESIS } from "../core/event.ts";
import { eventText } from "./event_text.ts";

const line = (fields: EventFields) =>
  eventText(chainEvent(GENESIS, "2026-01-02T03:04:05.678Z", fields));

const request = {
  type: "egress",
  scheme: "https",
  host: "api.example.com",
  port: 443,
  method: "GET",
  path: "/v1/",
};

const CASES: readonly (readonly [string, EventFields, string])[] = [
  [
    "an allowed request with its sizes",
    { ...request, verdict: "allow", status: 200, bytes_out: 0, bytes_in: 12, ms: 3.5 },
    "2026-01-02 03:04:05.678 allow 200 GET api.example.com/v1/  0 B out, 12 B in, 3.5 ms",
  ],
  [
    "a refused request with its reason",
    {
      ...request,
      port: 8443,
      verdict: "deny",
      status: 403,
      code: "port_not_allowed",
      reason: "port 8443 is not allowed",
    },
    "2026-01-02 03:04:05.678 deny  403 GET api.example.com:8443/v1/  port_not_allowed: port 8443 is not allowed",
  ],
  [
    "a probe by its number of checks",
    {
      type: "bottle_started",
      backend: "bubblewrap",
      probe: {
        ok: true,
        took: 1,
        checks: [{ what: "a", expected: "unreachable", found: "unreachable" }],
      },
    },
    "2026-01-02 03:04:05.678 bottle_started bubblewrap, walls probed: 1 checks hold",
  ],
  [
    "a probe that found a leak by what leaks",
    {
      type: "bottle_started",
      backend: "bubblewrap",
      probe: {
        ok: false,
        took: 1,
        checks: [{ what: "connect 1.1.1.1:443", expected: "unreachable", found: "reachable" }],
      },
    },
    "2026-01-02 03:04:05.678 bottle_started bubblewrap, walls leak: connect 1.1.1.1:443 is reachable",
  ],
  [
    "what an answer used",
    {
      type: "usage",
      host: "models.example.org",
      rule: "models.example.org",
      api: "anthropic-messages",
      model: "model-1",
      input: 1000,
      output: 20,
      cache_read: 300,
      cache_write: 40,
      reasoning: 5,
      complete: true,
    },
    "2026-01-02 03:04:05.678 tokens models.example.org model-1  1000 tokens in, 300 from the cache, 40 into it, 20 out, 5 of them reasoning",
  ],
  [
    "what an answer used that was cut short",
    {
      type: "usage",
      host: "models.example.org",
      model: "",
      input: 7,
      output: 0,
      cache_read: 0,
      cache_write: 0,
      reasoning: 0,
      complete: false,
    },
    "2026-01-02 03:04:05.678 tokens models.example.org (no model named)  at least 7 tokens in, 0 out",
  ],
  [
    "anything else by its fields, on one line and without escapes",
    { type: "config_refused", reason: "line one\n\x1b[2Jline two" },
    "2026-01-02 03:04:05.678 config_refused reason=line one\\n\\x1b[2Jline two",
  ],
];

for (const [what, fields, expected] of CASES) {
  Deno.test(`eventText() shows ${what}`, () => equal(line(fields), expected));
}
