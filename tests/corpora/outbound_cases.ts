import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { systemClock } from "../../core/clock.ts";
import { ProposalQueue } from "../../supervise/queue.ts";
import { APPROVED, FakeApprovals } from "../support/fake_approvals.ts";
import type { RawClient } from "../support/raw_client.ts";
import { sampleSecret, sampleToken } from "../support/sample_token.ts";
import type { Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";

const HOST = "a.allowed.example";
/** A scan that takes longer than this is no limit, whatever it ends with; milliseconds. */
const BOUND = 30_000;

function post(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as string);
  const head = `POST /v1/x HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Sends what is expensive to look at: it is answered, and so is an ordinary request beside it. */
async function stays(body: string, expected: readonly number[]): Promise<string> {
  await using fixture = await PolicyFixture.start({ threads: true });
  using large = await fixture.egress.tunnel(`${HOST}:443`);
  using small = await fixture.egress.tunnel(`${HOST}:443`);
  const answer = large.ask(post(body), BOUND);
  assert.equal((await small.ask(post("hello"), BOUND))?.status, 200);
  const status = (await answer)?.status;
  assert.ok(status !== undefined && expected.includes(status), `it was answered with ${status}`);
  return "limit";
}

export const outboundCases: Cases = {
  "foreign-cred": async ({ request }) => {
    await using fixture = await PolicyFixture.start();
    using client = await fixture.egress.tunnel("example.com:443");
    const key = sampleToken();
    const answer = await client.ask(request.replace("ATTACKER", key));
    assert.equal(answer?.headers.get("x-bot-bottle-denied"), "detected");
    assert.equal(fixture.bytes, 0);
    return `deny-${answer.status}`;
  },
  "dos-decode-bomb": async () => {
    let text = "a harmless text that is long enough to be decoded again and again";
    for (let layer = 0; layer < 12; layer++) {
      text = `${text} ${btoa(text)}`.slice(0, 200_000);
      text = `${btoa(text)} ${btoa(text.slice(0, 1000))} `.slice(0, 2_000_000);
    }
    return await stays(text, [403]); // out of budget, and nobody to ask
  },
  "dos-json-depth": async () => {
    await stays(`${'{"a":['.repeat(9_000)}1${"]}".repeat(9_000)}`, [200, 403]);
    return await stays(`${"[".repeat(100_000)}${"]".repeat(100_000)}`, [200, 403]);
  },
  "dos-regex-dos": () => stays("okta-access_token.".repeat(60_000), [200, 403]),
  "dos-unicode-bomb": () => stays("\ufdfa".repeat(1_000_000), [200, 403]),
  "log-secret": async () => {
    await using fixture = await PolicyFixture.start();
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    const token = sampleToken();
    const answer = await client.ask(
      `GET /${token}?q=${token} HTTP/1.1\r\nHost: ${HOST}\r\nX-A: ${token}\r\n\r\n`,
    );
    assert.equal(answer?.status, 403);
    const [event] = fixture.egress.events;
    assert.equal(event?.path, "/[redacted]");
    for (const written of [JSON.stringify(fixture.egress.events), String(answer.body)]) {
      assert.ok(!written.includes(token.slice(6, 18)));
    }
    return "redact";
  },
  "supervise-flood": async () => {
    const dir = Deno.makeTempDirSync({ prefix: "bb-queue-" });
    const record = () => {};
    using queue = ProposalQueue.open({ dir, slug: "flood", clock: systemClock, record });
    const clients: RawClient[] = [];
    try {
      await using fixture = await PolicyFixture.start({ approvals: queue });
      const answers: (number | undefined)[] = [];
      for (let request = 0; request < 48; request++) {
        const client = await fixture.egress.tunnel(`${HOST}:443`);
        clients.push(client);
        void client.ask(post(sampleToken()), 60_000)
          .then((answer) => answers.push(answer?.status), () => {});
      }
      for (let wait = 0; answers.length < 16 && wait < 1_000; wait++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.deepEqual(answers, Array.from({ length: 16 }, () => 403));
      assert.equal(queue.pending, 32);
      assert.equal(fixture.bytes, 0);
      using other = await fixture.egress.tunnel(`${HOST}:443`);
      assert.equal((await other.ask(post("hello")))?.status, 200);
    } finally {
      for (const client of clients) client[Symbol.dispose]();
      queue[Symbol.dispose]();
      Deno.removeSync(dir, { recursive: true });
    }
    return "limit";
  },
  "supervise-toctou": async () => {
    const operator = new FakeApprovals();
    await using fixture = await PolicyFixture.start({ approvals: operator });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    const approved = `key=${sampleToken()}`;
    await client.send(post(approved));
    const first = await operator.question(1);
    // What follows while it is held is another request, which is looked at by itself.
    const later = `key=${sampleToken()}&more=${sampleSecret()}`;
    await client.send(post(later));
    first.answer(APPROVED);
    assert.equal((await client.answer("POST"))?.status, 200);
    assert.deepEqual(fixture.requests.map(({ body }) => String(body)), [approved]);
    (await operator.question(2)).answer({ status: "rejected", notes: "not this one" });
    const refused = await client.answer("POST");
    assert.equal(fixture.requests.length, 1);
    return `deny-${refused?.status}`;
  },
};
