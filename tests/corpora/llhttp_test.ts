import assert from "node:assert/strict";
import { EgressFixture } from "../support/egress_fixture.ts";
import type { HttpAnswer } from "../support/http_answer.ts";
import { PATIENCE } from "../support/raw_client.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { origin } from "./origin.ts";
import { type ParserRow, rows } from "./rows.ts";

/** How long to wait for bytes that should not come, in milliseconds. */
const QUIET = 100;

/**
 * The row's request as it could stand in a tunnel to example.com: with a Host of that name, because most rows
 * have none or another, and would be refused for that alone.
 */
function addressed(request: string): string {
  if (/^host:/im.test(request)) {
    return request.replace(/^(host:[ \t]*)[^\r\n]*/gim, "$1example.com");
  }
  return request.replace(/^([A-Z-]+ [^\r\n]+\r\n)/gm, "$1Host: example.com\r\n");
}

interface Ran {
  readonly answers: readonly HttpAnswer[];
  /** Method and target of what reached the upstream. */
  readonly forwarded: readonly string[];
  readonly bytes: number;
}

/** Sends the row and reads `expected` answers, and those that come unexpectedly after them. */
async function send(request: string, expected: number): Promise<Ran> {
  const roots = new TestAuthority();
  await using upstream = RecordingUpstream.tls(roots, "example.com", origin);
  await using egress = await EgressFixture.start({
    routes: [{ host: "example.com" }],
    upstreams: [upstream],
    roots,
  });
  using client = await egress.tunnel("example.com:443");
  const method = /^\s*(HEAD)/.exec(request)?.[1] ?? "GET";
  const answers: HttpAnswer[] = [];
  await client.send(request).catch(() => {});
  for (;;) {
    const patience = answers.length < expected ? PATIENCE : QUIET;
    const answer = await client.answer(method, patience).catch(() => null);
    if (answer === null) break;
    answers.push(answer);
  }
  const forwarded = upstream.requests.map(({ method, target }) => `${method} ${target}`);
  return { answers, forwarded, bytes: upstream.bytes };
}

const denialOf = (answer: HttpAnswer | undefined) => answer?.headers.get("x-bot-bottle-denied");

/** Rows that end before their message does: nothing may be answered or sent, except to say that they are wrong. */
const INCOMPLETE: ReadonlySet<string> = new Set([
  "llhttp-content-length-019",
  "llhttp-content-length-020",
  "llhttp-content-length-026",
  "llhttp-content-length-027",
  "llhttp-content-length-032",
  "llhttp-finish-036",
  "llhttp-finish-037",
  "llhttp-invalid-056",
  "llhttp-invalid-057",
  "llhttp-lenient-header-value-relaxed-066",
  "llhttp-transfer-encoding-120",
  "llhttp-transfer-encoding-126",
  "llhttp-transfer-encoding-129",
]);

/** Rows that begin with a request that is fine in any mode: it alone may reach the upstream. */
const FIRST_IS_FINE: Readonly<Record<string, string>> = {
  "llhttp-connection-002": "PUT /url",
  "llhttp-connection-003": "PUT /url",
  "llhttp-connection-004": "POST /",
  "llhttp-finish-035": "GET /",
  "llhttp-lenient-headers-068": "GET /url",
};

/** Valid messages that a proxy has reason to refuse, with the code of the refusal. */
const REFUSED_THOUGH_VALID: Readonly<Record<string, string>> = {
  // No proxy inside a proxy.
  "llhttp-method-073": "method_not_allowed",
  "llhttp-method-074": "method_not_allowed",
  "llhttp-method-075": "method_not_allowed",
  "llhttp-uri-159": "method_not_allowed",
  // Methods that no registry of safe ones has, and that no match names.
  "llhttp-method-078": "method_refused",
  "llhttp-method-080": "method_refused",
  "llhttp-method-081": "method_refused",
  "llhttp-method-082": "method_refused",
  // The target * belongs to OPTIONS.
  "llhttp-method-076": "malformed_request",
  "llhttp-method-086": "malformed_request",
  // Not HTTP, or HTTP/0.9.
  "llhttp-method-083": "malformed_request",
  "llhttp-method-084": "malformed_request",
  "llhttp-method-085": "malformed_request",
  "llhttp-sample-111": "malformed_request",
  // Absolute form inside a tunnel.
  "llhttp-uri-153": "malformed_request",
  "llhttp-uri-154": "malformed_request",
  "llhttp-uri-156": "malformed_request",
  "llhttp-uri-160": "malformed_request",
  // A fragment is never sent.
  "llhttp-uri-158": "path_not_canonical",
  // Transfer codings other than chunked are not undone here.
  "llhttp-transfer-encoding-139": "unsupported_transfer_coding",
  "llhttp-transfer-encoding-140": "unsupported_transfer_coding",
};

/** Rows with more than one whole request. */
const REQUESTS: Readonly<Record<string, number>> = {
  "llhttp-connection-001": 2,
  "llhttp-pipelining-101": 2,
};

for (const row of rows<ParserRow>("http_parser_llhttp.jsonl")) {
  const strict = row.mode === "request";
  if (row.expected === "reject" || !strict) {
    Deno.test(`The proxy lets nothing of ${row.id} through (${row.mode}): ${row.title}`, () =>
      letsNothingThrough(row));
  } else if (row.id in REFUSED_THOUGH_VALID) {
    Deno.test(`The proxy refuses ${row.id} though it is valid: ${row.title}`, () =>
      refuses(row, REFUSED_THOUGH_VALID[row.id]!));
  } else if (INCOMPLETE.has(row.id)) {
    Deno.test(`The proxy waits for the rest of ${row.id}: ${row.title}`, () => waits(row));
  } else {
    Deno.test(`The proxy passes ${row.id} on: ${row.title}`, () => passesOn(row));
  }
}

async function letsNothingThrough(row: ParserRow): Promise<void> {
  const fine = FIRST_IS_FINE[row.id];
  const first = fine === undefined ? 0 : 1;
  const ran = await send(addressed(row.request), INCOMPLETE.has(row.id) ? 0 : 1);
  assert.deepEqual(ran.forwarded, fine === undefined ? [] : [fine]);
  if (fine === undefined) assert.equal(ran.bytes, 0);
  if (!INCOMPLETE.has(row.id)) assert.ok(ran.answers.length > 0, "nothing was answered");
  for (const answer of ran.answers.slice(first)) assert.ok(denialOf(answer) !== undefined);
}

async function refuses(row: ParserRow, code: string): Promise<void> {
  const ran = await send(addressed(row.request), 1);
  assert.equal(denialOf(ran.answers[0]), code);
  assert.equal(ran.bytes, 0);
}

async function waits(row: ParserRow): Promise<void> {
  const ran = await send(addressed(row.request), 0);
  assert.deepEqual(ran.answers, []);
  assert.deepEqual(ran.forwarded, []);
}

async function passesOn(row: ParserRow): Promise<void> {
  const count = REQUESTS[row.id] ?? 1;
  const ran = await send(addressed(row.request), count);
  assert.deepEqual(ran.answers.map(({ status }) => status < 300), new Array(count).fill(true));
  assert.equal(ran.forwarded.length, count);
}
