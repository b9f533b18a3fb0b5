import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import {
  Flag,
  Frame,
  getFields,
  headerBlock,
  Http2Client,
  type Http2Outcome,
} from "../support/http2_client.ts";
import type { Case, Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";

const AUTHORITY = "example.com";
const REFUSED_STREAM_LIMIT = 1_000;

export const http2Cases: Cases = {
  "h2-cl-mismatch": play(async (client) => {
    const fields = getFields(AUTHORITY, "/v1/x", [["content-length", "10"]]);
    fields[0] = [":method", "POST"];
    await client.request(1, fields, false);
    await client.send(Frame.data, Flag.endStream, 1, Buffer.from("hello"));
  }),
  "h2-coalesce": play((client) => client.request(1, getFields("a.allowed.example", "/v1/x"))),
  "h2-connect": play((client) =>
    client.request(1, [[":method", "CONNECT"], [":authority", "evil.example:443"]], false)
  ),
  "h2-ext-connect": play((client) =>
    client.request(1, [
      [":method", "CONNECT"],
      [":protocol", "websocket"],
      [":scheme", "https"],
      [":authority", AUTHORITY],
      [":path", "/v1/ws"],
    ], false)
  ),
  "h2-connection-hdr": play((client) =>
    client.request(1, getFields(AUTHORITY, "/v1/x", [["connection", "close"]]))
  ),
  "h2-dup-pseudo": play((client) =>
    client.request(1, [...getFields(AUTHORITY, "/v1/x"), [":path", "/admin"]])
  ),
  "h2-hdr-crlf": play((client) =>
    client.request(1, getFields(AUTHORITY, "/v1/x", [["x", "a\r\nx-injected: b"]]))
  ),
  "h2-path-space": async (row) => {
    const verdicts = await Promise.all(
      ["/v1/ x", "/v1/x\r\nx-injected: b", "/v1/\tx"].map((path) =>
        play((client) => client.request(1, getFields(AUTHORITY, path)))(row)
      ),
    );
    assert.equal(new Set(verdicts).size, 1);
    return verdicts[0]!;
  },
  "h2-pseudo-after": play((client) =>
    client.request(1, [
      [":method", "GET"],
      [":scheme", "https"],
      [":authority", AUTHORITY],
      ["x", "a"],
      [":path", "/v1/x"],
    ])
  ),
  "h2-continuation": async () => {
    await using fixture = await PolicyFixture.start();
    using client = await open(fixture);
    const block = headerBlock(getFields(AUTHORITY, "/v1/x"));
    await client.send(Frame.headers, Flag.endStream, 1, block);
    const filler = headerBlock([["x-filler", "a".repeat(8_000)]]);
    let sent = 0;
    try {
      for (; sent < REFUSED_STREAM_LIMIT; sent++) {
        await client.send(Frame.continuation, 0, 1, filler);
      }
    } catch { /* cut off: what is hoped for */ }
    const outcome = await client.outcome(1);
    assert.ok(sent < REFUSED_STREAM_LIMIT || outcome.closed || outcome.goAway !== undefined);
    assert.equal(fixture.bytes, 0);
    return "limit";
  },
  "h2-rapid-reset": async () => {
    await using fixture = await PolicyFixture.start();
    using client = await open(fixture);
    const cancel = Buffer.from([0, 0, 0, 8]);
    let streams = 0;
    try {
      for (; streams < 5_000; streams++) {
        const stream = 2 * streams + 1;
        await client.request(stream, getFields(AUTHORITY, "/v1/x"));
        await client.send(Frame.resetStream, 0, stream, cancel);
        if (streams % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } catch { /* cut off: what is hoped for */ }
    const outcome = await client.outcome(2 * streams + 1);
    assert.ok(outcome.closed || outcome.goAway !== undefined, "the flood was never cut off");
    assert.ok(fixture.requests.length < 1_000, `${fixture.requests.length} requests went upstream`);
    return "limit";
  },
};

async function open(fixture: PolicyFixture): Promise<Http2Client> {
  return await Http2Client.start(await fixture.egress.tunnel(`${AUTHORITY}:443`, ["h2"]));
}

/** Plays frames of stream 1 and names what became of it; nothing of it may reach an upstream. */
function play(frames: (client: Http2Client) => Promise<void>): Case {
  return async () => {
    await using fixture = await PolicyFixture.start();
    using client = await open(fixture);
    await frames(client).catch(() => {});
    const outcome = await client.outcome(1);
    assert.equal(fixture.requests.length, 0);
    assert.equal(fixture.bytes, 0);
    using next = await open(fixture);
    await next.request(1, getFields(AUTHORITY, "/v1/x"));
    assert.equal((await next.outcome(1)).status, 200, "others are served afterwards");
    return verdict(outcome);
  };
}

function verdict({ status, reset, goAway, closed }: Http2Outcome): string {
  if (status === 421) return "reject-421";
  if (status === 403) return "deny-403";
  if (status === 400 || reset !== undefined || goAway !== undefined || closed) return "reject";
  return `status ${status}`;
}
