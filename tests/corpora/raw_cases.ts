import assert from "node:assert/strict";
import type { HttpAnswer } from "../support/http_answer.ts";
import { PATIENCE, type RawClient } from "../support/raw_client.ts";
import { POLICY_HOSTS } from "./policy.ts";
import { PolicyFixture } from "./policy_fixture.ts";
import type { BypassRow } from "./rows.ts";

/** Bytes that a row's client sends once it was told to go on. */
const AFTER_CONTINUE: Readonly<Record<string, string>> = { "frame-60": "0123456789" };

/** Rows whose verdict is on the second of two pipelined requests. */
const SECOND_ANSWER: ReadonlySet<string> = new Set(["frame-30"]);

/** What must have reached the upstream for a row that is allowed in another form than it was sent. */
const NORMALISED: Readonly<Record<string, (fixture: PolicyFixture) => void>> = {
  "abs-form-host": (fixture) => {
    const request = fixture.upstream("example.com", false).onlyRequest;
    assert.equal(request.target, "/v1/");
    assert.equal(request.headers.get("host"), "example.com");
  },
  "connect-name-02": (fixture) => assert.equal(fixture.bytes, 0),
  "frame-29": (fixture) => {
    const request = fixture.upstream("example.com").onlyRequest;
    assert.equal(request.headers.get("content-length"), "44");
    assert.equal(request.body.length, 44);
  },
  "frame-63": (fixture) => {
    assert.equal(fixture.upstream("example.com").onlyRequest.headers.has("authorization"), false);
  },
  "path-21": (fixture) => {
    assert.equal(fixture.upstream("example.com").onlyRequest.target, "/v1/x");
  },
};

/** Sends a row's bytes to the proxy, or into a tunnel, and checks the answer and what the upstream saw. */
export async function runRawRow(row: BypassRow): Promise<void> {
  await using fixture = await PolicyFixture.start();
  using client = row.stage === "tunnel"
    ? await fixture.egress.tunnel(`${tunnelHost(row.request)}:443`)
    : await fixture.egress.client();
  const answer = await finalAnswer(client, row);
  assert.ok(answer !== null, "the proxy closed the connection without an answer");
  checkAnswer(row, answer, fixture);
}

function tunnelHost(request: string): string {
  const named = /^host:[ \t]*(\S*)/im.exec(request)?.[1];
  return POLICY_HOSTS.find((host) => host === named) ?? "example.com";
}

async function finalAnswer(client: RawClient, row: BypassRow): Promise<HttpAnswer | null> {
  const rest = AFTER_CONTINUE[row.id];
  if (rest !== undefined) {
    await client.send(row.request);
    assert.match(String(await client.source.takeThrough("\r\n\r\n", PATIENCE)), /^HTTP\/1.1 100 /);
    return await client.ask(rest);
  }
  const first = await client.ask(row.request);
  if (!SECOND_ANSWER.has(row.id)) return first;
  assert.equal(first?.status, 200);
  return await client.answer();
}

function checkAnswer(
  { id, expected, request }: BypassRow,
  answer: HttpAnswer,
  fixture: PolicyFixture,
) {
  const [verdict, number] = expected.split(/-(?=\d+$)/) as [string, string | undefined];
  if (number !== undefined) {
    assert.equal(answer.status, Number(number));
    assert.ok(answer.headers.has("x-bot-bottle-denied"), "the answer is not a denial");
    const before = SECOND_ANSWER.has(id) ? 1 : 0;
    assert.equal(fixture.requests.length, before);
    if (before === 0) assert.equal(fixture.bytes, 0, "bytes reached the upstream");
    if (before === 0) assert.deepEqual(fixture.egress.lookups, []);
    return;
  }
  assert.equal(answer.status, 200);
  switch (verdict) {
    case "allow":
      assert.equal(fixture.requests.length, request.startsWith("CONNECT") ? 0 : 1);
      return;
    case "allow-normalised":
    case "allow-reframed":
      NORMALISED[id]!(fixture);
      return;
    case "strip-header":
    case "strip-upgrade":
      assertStripped(request, fixture);
      return;
    default:
      assert.fail(`nothing is known about the verdict ${expected}`);
  }
}

/** None of the row's own headers but Host may have reached the upstream. */
function assertStripped(request: string, fixture: PolicyFixture): void {
  const sent = request.split("\r\n").slice(1).flatMap((line) => line.match(/^[^:]+(?=:)/) ?? [])
    .map((name) => name.toLowerCase()).filter((name) => name !== "host");
  assert.ok(sent.length > 0);
  const { headers } = fixture.upstream("example.com").onlyRequest;
  for (const name of sent) assert.equal(headers.has(name), false, `${name} reached the upstream`);
}
