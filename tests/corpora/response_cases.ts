import assert from "node:assert/strict";
import { once } from "node:events";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import type { HttpAnswer } from "../support/http_answer.ts";
import { PATIENCE } from "../support/raw_client.ts";
import { plainAnswer, type Respond } from "../support/recording_upstream.ts";
import type { Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";
import type { BypassRow } from "./rows.ts";

const HOST = "a.allowed.example";
const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

export const responseCases: Cases = {
  "resp-101": scripted,
  "resp-204-body": scripted,
  "resp-bad-status": scripted,
  "resp-cl-te": scripted,
  "resp-nul": scripted,
  "resp-redirect-cred": scriptedRedirect,
  "resp-redirect-deny": scriptedRedirect,
  "resp-1xx-flood": async (row) => {
    let sent = 0;
    const flood: Respond = async (_request, peer) => {
      for (; sent < 100_000; sent++) await peer.write(row.request);
      return "close";
    };
    await using fixture = await PolicyFixture.start({ respond: flood });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    const answer = await client.ask(GET);
    assert.equal(answer?.headers.get("x-bot-bottle-denied"), "upstream_protocol");
    assert.ok(sent < 100_000, "the flood was read to its end");
    return "limit";
  },
  "resp-gzip-bomb": async () => {
    const size = 192 * 1024 * 1024;
    const bomb = await gzipOfZeros(size);
    const fields = ["Content-Encoding: gzip"];
    await using fixture = await PolicyFixture.start({
      // Answers are only decoded where there is a credential to look for.
      routes: [{ host: HOST, auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" } }],
      tokens: { EGRESS_TOKEN_0: "not-much-of-a-credential" },
      respond: () => plainAnswer(bomb, fields),
    });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    const before = Deno.memoryUsage().rss;
    await client.send(GET);
    await client.source.takeThrough("\r\n\r\n", PATIENCE);
    // The client reads no further; what was decoded meanwhile would be memory.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const grown = Deno.memoryUsage().rss - before;
    return grown < size / 2 ? "limit" : `grew by ${grown} bytes`;
  },
  "resp-no-end": async () => {
    const silence: Respond = async (_request, peer) => {
      await peer.write("HTTP/1.1 200 OK\r\n\r\n...");
      await peer.source.more(60_000);
      return "close";
    };
    await using fixture = await PolicyFixture.start({ respond: silence, timeouts: { idle: 300 } });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    await client.send(GET);
    const bytes = await client.source.rest(PATIENCE);
    assert.match(bytes.toString(), /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(bytes.toString(), /\r\n0\r\n\r\n$/, "a cut answer must not look complete");
    return "timeout";
  },
  "resp-sse": async (row) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => release = resolve);
    const events: Respond = async (_request, peer) => {
      await peer.write(row.request);
      await released;
      await peer.write("data: y\n\n");
      return "close";
    };
    await using fixture = await PolicyFixture.start({ respond: events });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    await client.send(GET);
    await client.source.takeThrough("data: x\n\n", PATIENCE);
    release();
    await client.source.takeThrough("data: y\n\n", PATIENCE);
    return "allow";
  },
  "resp-two": async (row) => {
    await using fixture = await PolicyFixture.start({
      respond: ({ connection }) => connection === 0 ? row.request : plainAnswer("own"),
    });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    assert.equal((await client.ask(GET))?.body.length, 0);
    assert.equal(
      String((await client.ask(GET))?.body),
      "own",
      "the second answer was kept for later",
    );
    assert.equal(fixture.upstream(HOST).connections, 2);
    return "close";
  },
};

/** The row's bytes are the upstream's answer. */
async function scripted(row: BypassRow): Promise<string> {
  await using fixture = await PolicyFixture.start({ respond: () => row.request });
  using client = await fixture.egress.tunnel(`${HOST}:443`);
  const answer = await client.ask(GET);
  assert.equal(answer?.headers.get("x-bot-bottle-denied"), "upstream_protocol");
  using again = await fixture.egress.tunnel(`${HOST}:443`);
  assert.equal((await again.ask(GET))?.status, answer.status, "the same on the second request");
  assert.equal(fixture.upstream(HOST).connections, 2, "the connection was used again");
  return `deny-${answer.status}`;
}

/** A redirect is the client's to follow: the proxy passes it on and dials nothing. */
async function scriptedRedirect(row: BypassRow): Promise<string> {
  await using fixture = await PolicyFixture.start({
    routes: [
      { host: HOST, auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" } },
      { host: "b.allowed.example" },
    ],
    tokens: { EGRESS_TOKEN_0: "not-much-of-a-credential" },
    respond: () => row.request,
  });
  using client = await fixture.egress.tunnel(`${HOST}:443`);
  const answer: HttpAnswer | null = await client.ask(GET);
  assert.equal(answer?.headers.get("location"), /Location: (\S+)/.exec(row.request)?.[1]);
  assert.equal(fixture.requests.length, 1);
  assert.deepEqual(fixture.egress.lookups, [HOST]);
  return "allow";
}

/** `size` zeros, compressed without ever being in memory at once. */
async function gzipOfZeros(size: number): Promise<Buffer> {
  const gzip = zlib.createGzip();
  const parts: Buffer[] = [];
  gzip.on("data", (bytes: Buffer) => parts.push(bytes));
  const zeros = Buffer.alloc(1024 * 1024);
  for (let written = 0; written < size; written += zeros.length) {
    if (!gzip.write(zeros)) await once(gzip, "drain");
  }
  gzip.end();
  await once(gzip, "end");
  return Buffer.concat(parts);
}
