import assert from "node:assert/strict";
import { eventually, LIVE, openScene, sha256, WIDER } from "./scene.ts";

const WHY = "the build downloads its assets from there";
const MODES = ["legacy", "auto", { pin: "2026-07-28" }] as const;

for (const mode of MODES) {
  const how = typeof mode === "string" ? mode : mode.pin;

  Deno.test(`the official client (${how}) finds five tools and a description of the route schema`, async () => {
    await using at = await openScene();
    const client = await at.connect(mode);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name), [
      "egress-allow",
      "egress-block",
      "list-egress-routes",
      "budget-raise",
      "proposal-status",
    ]);
    const allow = tools[0]!;
    assert.deepEqual(allow.inputSchema.required, ["routes_yaml", "justification"]);
    for (const key of ["host", "matches", "paths", "token_ref", "ttl", "outbound_detectors"]) {
      assert.match(allow.description ?? "", new RegExp(`\\b${key}\\b`));
    }
    assert.match(client.getInstructions() ?? "", /egress-allow/);
  });

  Deno.test(`the official client (${how}) proposes routes and learns that they are in effect, twice`, async () => {
    await using at = await openScene();
    const client = await at.connect(mode);
    let live = LIVE;
    for (const host of ["cdn.example.org", "mirror.example.org"]) {
      const wanted = `routes:\n  - host: api.example.com\n  - host: ${host}\n`;
      const answer = at.call(client, "egress-allow", { routes_yaml: wanted, justification: WHY });
      const proposal = await at.proposal();
      assert.equal(proposal.tool, "egress-allow");
      assert.equal(proposal.proposed_file, wanted);
      assert.equal(proposal.justification, WHY);
      assert.equal(proposal.current_file_hash, sha256(live));
      at.apply(live = wanted);
      at.respond(proposal.id, { status: "approved", notes: "go on", final_file: wanted });
      const { text, data, isError } = await answer;
      assert.equal(isError, false);
      assert.equal(data.status, "approved");
      assert.equal(data.in_effect, true);
      assert.match(text, /in effect now[\s\S]*go on/);
      const routes = await at.call(client, "list-egress-routes");
      assert.equal(routes.text, live);
      assert.equal(routes.data.sha256, sha256(live));
      assert.equal(
        (await at.call(client, "proposal-status", { id: proposal.id })).data.status,
        "approved",
      );
    }
    assert.deepEqual(at.defects, []);
  });

  Deno.test(`the official client (${how}) gets progress while it waits`, async () => {
    await using at = await openScene({ progressEvery: 20 });
    const client = await at.connect(mode);
    const progress: { progress: number; message?: string | undefined }[] = [];
    const answer = client.callTool({
      name: "budget-raise",
      arguments: { scope: "bottle", amount: 50_000, justification: WHY },
    }, { onprogress: (each) => void progress.push(each) });
    const proposal = await at.proposal();
    await eventually(() => progress.length >= 3 ? true : undefined, "progress");
    assert.match(progress[0]?.message ?? "", new RegExp(proposal.id));
    assert.deepEqual(proposal.details, { scope: "bottle", amount: 50_000 });
    at.respond(proposal.id, { status: "approved", notes: "once" });
    assert.equal((await answer).isError ?? false, false);
  });

  Deno.test(`the official client (${how}) cancels a call, and the proposal stays open`, async () => {
    await using at = await openScene();
    const client = await at.connect(mode);
    const cancel = new AbortController();
    const answer = client.callTool({
      name: "egress-allow",
      arguments: { routes_yaml: WIDER, justification: WHY },
    }, { signal: cancel.signal });
    const { id } = await at.proposal();
    cancel.abort("enough");
    await assert.rejects(answer);
    assert.equal((await at.call(client, "proposal-status", { id })).data.status, "pending");
    at.respond(id, { status: "rejected", notes: "not that host" });
    await eventually(() => at.queue.pending === 0 ? true : undefined, "the answer");
    const { text, data } = await at.call(client, "proposal-status", { id });
    assert.equal(data.status, "rejected");
    assert.match(text, /not that host/);
    assert.deepEqual(at.defects, []);
  });

  Deno.test(`the official client (${how}) gets a tool error for routes that are not valid, and nothing is queued`, async () => {
    await using at = await openScene();
    const client = await at.connect(mode);
    const propose = (routes_yaml: string) =>
      at.call(client, "egress-allow", { routes_yaml, justification: WHY });
    for (
      const [text, reason] of [
        [
          "routes:\n  - host: api.example.com\n    methods: [GET]\n",
          /routes_yaml:3:5: Unknown key methods in routes\[0\]/,
        ],
        ["log: 0\nroutes: []\n", /routes_yaml:1:1: Unknown key log/],
        ["routes:\n  - host: https://example.com\n", /routes_yaml:2:11: routes\[0\]\.host/],
        [
          "routes:\n  - host: a.example.com\n    auth: { scheme: Bearer, token_ref: EGRESS_TOKEN_7 }\n",
          /EGRESS_TOKEN_7 is no credential of this bottle/,
        ],
        ["routes: [", /routes_yaml:1:/],
        ["a: &x 1\nb: *x\n", /Anchors|Aliases/],
        ["routes:\n  - host: a.example.com\n    ttl: 5 minutes\n", /routes\[0\]\.ttl/],
        [LIVE, /the live routes are these already/],
      ] as const
    ) {
      const said = await propose(text);
      assert.ok(said.isError, text);
      assert.match(said.text, reason);
    }
    assert.deepEqual(at.pending(), []);
    assert.deepEqual(at.events.map(({ type }) => type), ["supervise_started"]);
  });

  Deno.test(`the official client (${how}) gets JSON-RPC errors that name what is wrong`, async () => {
    await using at = await openScene();
    const client = await at.connect(mode);
    for (
      const [name, args, reason] of [
        ["egress-allow", { routes_yaml: WIDER }, /justification is missing/],
        [
          "egress-allow",
          { routes_yaml: { routes: [] }, justification: WHY },
          /routes_yaml: expected text/,
        ],
        [
          "egress-allow",
          { routes_yaml: WIDER, justification: "" },
          /justification: must not be empty/,
        ],
        ["egress-block", { routes_yaml: WIDER, justification: WHY, ttl: 1 }, /Unknown key ttl/],
        [
          "budget-raise",
          { scope: "bottle", amount: "many", justification: WHY },
          /amount: expected a number/,
        ],
        ["budget-raise", { scope: "bottle", amount: -1, justification: WHY }, /amount/],
        ["proposal-status", { id: "../../etc/passwd" }, /id: expected the id of a proposal/],
        ["proposal-status", {}, /id is missing/],
        ["list-egress-routes", { all: true }, /Unknown key all/],
        ["approve", {}, /Unknown tool "approve"/],
      ] as const
    ) {
      await assert.rejects(
        client.callTool({ name, arguments: args }),
        (error: Error & { code?: number }) => {
          assert.match(error.message, reason);
          assert.equal(error.code, -32602);
          return true;
        },
      );
    }
    assert.deepEqual(at.pending(), []);
    assert.deepEqual(at.defects, []);
  });
}

Deno.test("a call that nobody answers in time says pending, and the proposal can be asked for", async () => {
  await using at = await openScene({ timeout: 30 });
  const client = await at.connect();
  const ask = () => at.call(client, "egress-allow", { routes_yaml: WIDER, justification: WHY });
  const { text, data } = await ask();
  assert.equal(data.status, "pending");
  const id = data.id!;
  assert.match(text, new RegExp(id));
  assert.equal((await at.call(client, "proposal-status", { id })).data.status, "pending");
  // The same question again is the same proposal.
  assert.equal((await ask()).data.id, id);
  assert.equal(at.pending().length, 1);
  at.respond(id, { status: "rejected", notes: "no" });
  await eventually(() => at.queue.pending === 0 ? true : undefined, "the answer");
  const again = await ask();
  assert.equal(again.data.status, "pending");
  assert.notEqual(again.data.id, id);
});

Deno.test("two agents that ask the same get the same answer", async () => {
  await using at = await openScene();
  const clients = [await at.connect(), await at.connect("auto")];
  let waiting = 0;
  const answers = clients.map((client) =>
    client.callTool(
      { name: "egress-block", arguments: { routes_yaml: "routes: []", justification: WHY } },
      { onprogress: () => void waiting++ },
    )
  );
  await eventually(() => waiting === 2 ? true : undefined, "both calls");
  assert.equal(at.pending().length, 1);
  const { id } = at.pending()[0]!;
  at.respond(id, { status: "rejected", notes: "still needed" });
  for (const answer of answers) {
    assert.deepEqual((await answer).structuredContent, {
      status: "rejected",
      id,
      notes: "still needed",
    });
  }
});

Deno.test("a modified file is told to the agent, and one that is not in force is told as such", async () => {
  await using at = await openScene();
  const client = await at.connect();
  const ask = () => at.call(client, "egress-allow", { routes_yaml: WIDER, justification: WHY });
  const first = ask();
  const narrowed =
    "routes:\n  - host: api.example.com\n  - host: cdn.example.org\n    matches: [{ methods: [GET] }]\n";
  at.apply(narrowed);
  at.respond((await at.proposal()).id, { status: "modified", notes: "", final_file: narrowed });
  const modified = await first;
  assert.equal(modified.data.in_effect, true);
  assert.match(modified.text, /with changes[\s\S]*methods: \[GET\]/);
  const second = ask();
  at.respond((await at.proposal()).id, { status: "approved", notes: "by hand" });
  const byHand = await second;
  assert.equal(byHand.data.in_effect, false);
  assert.match(byHand.text, /not the approved ones/);
});

Deno.test("an agent is told of approved routes when the proxy has them, and not before", async () => {
  let enforced = "";
  await using at = await openScene({ inEffect: (hash) => hash === enforced });
  const client = await at.connect();
  const answer = at.call(client, "egress-allow", { routes_yaml: WIDER, justification: WHY });
  let told = false;
  void answer.then(() => told = true);
  const { id } = await at.proposal();
  at.apply(WIDER);
  at.respond(id, { status: "approved", notes: "", final_file: WIDER });
  await eventually(() => at.queue.pending === 0 ? true : undefined, "the answer");
  assert.equal(told, false);
  enforced = sha256(WIDER);
  assert.equal((await answer).data.in_effect, true);
});

Deno.test("200 parallel proposals: 32 wait, the others are refused with a reason, and every call is answered", async () => {
  await using at = await openScene({ timeout: 50 });
  const client = await at.connect();
  const said = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      at.call(client, "egress-allow", {
        routes_yaml: `routes:\n  - host: h${n}.example.com\n`,
        justification: WHY,
      })),
  );
  const pending = said.filter(({ data }) => data.status === "pending");
  const refused = said.filter(({ data }) => data.status === "refused");
  assert.equal(pending.length, 32);
  assert.equal(refused.length, 168);
  assert.ok(refused.every(({ text, isError }) => isError && /32 proposals wait/.test(text)));
  assert.deepEqual(
    at.pending().map(({ id }) => id).sort(),
    pending.map(({ data }) => data.id).sort(),
  );
  for (const { id } of at.pending()) at.respond(id, { status: "rejected", notes: "flood" });
  await eventually(() => at.queue.pending === 0 ? true : undefined, "every answer");
  const queued = at.events.filter(({ type }) => type === "proposal_queued").length;
  const answered = at.events.filter(({ type }) => type === "proposal_answered").length;
  assert.deepEqual([queued, answered], [32, 32]);
  assert.equal((await at.call(client, "list-egress-routes")).text, LIVE);
});

Deno.test("a fault of the server is logged with its cause, and told as internal error", async () => {
  await using at = await openScene();
  const client = await at.connect();
  Deno.removeSync(`${at.contract}/config/routes.yaml`);
  await assert.rejects(
    client.callTool({ name: "list-egress-routes", arguments: {} }),
    (error: Error & { code?: number }) => {
      assert.equal(error.code, -32603);
      assert.match(error.message, /internal error/);
      assert.ok(!error.message.includes(at.contract));
      return true;
    },
  );
  assert.equal(at.defects.length, 1);
  assert.match(String(at.defects[0]), /there is no such file/);
});

Deno.test("a server that was prepared answers, and may end at once", async () => {
  for (const asks of [true, false]) {
    await using scene = await openScene();
    scene.server.prepare();
    scene.server.prepare();
    if (asks) assert.equal((await (await scene.connect()).listTools()).tools.length, 5);
    assert.deepEqual(scene.defects, []);
  }
});
