import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import type { HttpAnswer } from "../support/http_answer.ts";
import { EgressFixture } from "../support/egress_fixture.ts";
import { encode } from "../support/raw_client.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { origin } from "./origin.ts";
import { type ProbeRow, rows } from "./rows.ts";

/** How an exchange ended, in the corpus' words. */
interface Outcome {
  /** Null: no answer came. */
  readonly answer: HttpAnswer | null;
  /** The connection was closed, after an answer or without one. */
  readonly closed: boolean;
  readonly sent: string;
  readonly upstream: RecordingUpstream;
}

const status = (outcome: Outcome) => outcome.answer?.status ?? 0;
const success = (outcome: Outcome) => status(outcome) >= 200 && status(outcome) < 300;
const refused = (outcome: Outcome) => outcome.answer?.headers.has("x-bot-bottle-denied") ?? false;

/** Expectations that say more than statuses. */
const SPECIAL: Readonly<Record<string, (outcome: Outcome) => boolean>> = {
  "Range2xx": success,
  "2xx + echo": (outcome) =>
    success(outcome) && /^(?:hello|hello world|helloworld)$/.test(String(outcome.answer!.body)),
  "2xx + 2xx": success, // the second request is sent by a test of its own below
  "2xx + close": (outcome) => success(outcome) && outcome.closed,
  "!101": (outcome) => status(outcome) > 101,
  "non-101 (426 preferred)": (outcome) => status(outcome) === 426,
  "2xx with no body": (outcome) => success(outcome) && outcome.answer!.body.length === 0,
  "405 + Allow header": (outcome) =>
    status(outcome) === 405 && outcome.answer!.headers.has("allow"),
  "2xx with Date header": (outcome) => success(outcome) && outcome.answer!.headers.has("date"),
  "IMF-fixdate format": (outcome) =>
    /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(outcome.answer?.headers.get("date") ?? ""),
  "non-1xx response": (outcome) => status(outcome) >= 200,
  "204 without CL": (outcome) =>
    status(outcome) === 204 && !outcome.answer!.headers.has("content-length"),
  "2xx with Allow header": (outcome) => success(outcome) && outcome.answer!.headers.has("allow"),
  "2xx with Content-Type": (outcome) =>
    success(outcome) && outcome.answer!.headers.has("content-type"),
};

/** Whether an outcome is one of those that `expected` lists ("400/501 or 2xx+close"). */
function meets(expected: string, outcome: Outcome): boolean {
  const special = SPECIAL[expected];
  if (special !== undefined) return special(outcome);
  if (expected.startsWith("Reject/drop")) return refused(outcome);
  const [best = ""] = expected.replace(/^Exact /, "").split(/; | preferred/);
  const alternatives = best.replace(/\([^)]*\)|, 2xx \(warn\)| Allowed/g, "")
    .split(/,? or |\/|, (?=[\d])/).map((one) => one.trim());
  return alternatives.some((one) => meetsOne(one, outcome));
}

function meetsOne(alternative: string, outcome: Outcome): boolean {
  switch (alternative) {
    case "close":
      return outcome.answer === null && outcome.closed;
    case "timeout":
      return outcome.answer === null && !outcome.closed;
    case "2xx":
    case "pass-through":
      return success(outcome);
    case "2xx+close":
    case "2xx + close":
      return success(outcome) && outcome.closed;
    case "200 without Auth":
      return success(outcome) && !outcome.upstream.onlyRequest.headers.has("authorization");
    default:
      assert.match(
        alternative,
        /^\d{3}$/,
        "the corpus expects something that this test cannot read",
      );
      return status(outcome) === Number(alternative);
  }
}

/** Rows that are answered in a way the corpus does not list, and why that is right for a proxy. */
const OTHERWISE: Readonly<Record<string, { readonly status: number; readonly why: string }>> = {
  "COMP-METHOD-CONNECT": { status: 403, why: "inside a tunnel CONNECT is a matter of policy" },
  "COMP-ABSOLUTE-FORM": { status: 400, why: "inside a tunnel only the origin form is understood" },
  "SMUG-CL0-BODY-POISON": {
    status: 200,
    why: "bytes after a body of length 0 begin the next request, which is judged as such (below)",
  },
  "MAL-POST-CL-HUGE-NO-BODY": {
    status: 413,
    why: "more is announced than is looked at, so nobody waits for it",
  },
  "SMUG-EXPECT-100-CL-DESYNC": {
    status: 200,
    why: "a body that does not wait for 100 is still the body that Content-Length says",
  },
};

/** A request that an answer is not expected to: the test waits no longer than this, in milliseconds. */
const SHORT = 400;

async function run(row: ProbeRow): Promise<void> {
  const roots = new TestAuthority();
  await using upstream = RecordingUpstream.tls(roots, "example.com", origin);
  await using egress = await EgressFixture.start({
    routes: [{ host: "example.com" }],
    upstreams: [upstream],
    roots,
  });
  using client = await egress.tunnel("example.com:443");
  const patience = /timeout/.test(row.expected) ? SHORT : 5_000;
  const answer = await client.ask(row.request, patience).catch(() => null);
  const mayClose = /close/.test(row.expected);
  const closed = mayClose && await client.closes(SHORT / 4).catch(() => false);
  const outcome: Outcome = { answer, closed, sent: row.request, upstream };
  const otherwise = OTHERWISE[row.id]?.status;
  assert.ok(
    otherwise === undefined ? meets(row.expected, outcome) : status(outcome) === otherwise,
    `expected ${row.expected}, got ${answer?.head ?? (closed ? "close" : "nothing")}`,
  );
  if (refused(outcome)) assert.equal(upstream.bytes, 0, "bytes of a refused request went upstream");
  else if (answer !== null) assertSameMessage(upstream, row.request);
}

/** What was let through must be one message, with the framing that the proxy itself understood. */
function assertSameMessage(upstream: RecordingUpstream, sent: string): void {
  const { headers, body, head } = upstream.onlyRequest;
  assert.equal(headers.get("host"), "example.com");
  const framings = head.match(/^(?:content-length|transfer-encoding):/gim) ?? [];
  assert.ok(framings.length <= 1, "the forwarded request has more than one framing");
  if (/\r\n\r\nhello$/.test(sent)) assert.equal(String(body), "hello");
}

for (const row of rows<ProbeRow>("http_conformance_http11probe.jsonl")) {
  Deno.test(`The proxy answers ${row.id} with ${row.expected}`, () => run(row));
}

/** Requests whose rest may be taken for a second request: what follows them must not be changed by it. */
const DESYNC = rows<ProbeRow>("http_conformance_http11probe.jsonl")
  .filter(({ id, expected }) => /DESYNC|POISON|PIPELINE|HEAD-CL|OPTIONS-CL/.test(id + expected));

for (const row of DESYNC) {
  Deno.test(`A request that follows ${row.id} is answered as itself or not at all`, async () => {
    const roots = new TestAuthority();
    await using upstream = RecordingUpstream.tls(roots, "example.com", origin);
    await using egress = await EgressFixture.start({
      routes: [{ host: "example.com", matches: [{ paths: [{ value: "/" }] }] }],
      upstreams: [upstream],
      roots,
    });
    using client = await egress.tunnel("example.com:443");
    const next = "GET /next HTTP/1.1\r\nHost: example.com\r\n\r\n";
    const method = row.request.split(" ", 1)[0]!;
    const first = await client.ask(Buffer.concat([encode(row.request), encode(next)]));
    assert.ok(first !== null);
    const second = first.headers.has("x-bot-bottle-denied")
      ? null
      : await client.answer("GET").catch(() => null);
    if (second === null) return;
    const targets = upstream.requests.map((one) => `${one.method} ${one.target}`);
    if (second.headers.has("x-bot-bottle-denied")) assert.deepEqual(targets, [`${method} /`]);
    else assert.deepEqual(targets, [`${method} /`, "GET /next"]);
  });
}
