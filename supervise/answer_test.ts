import assert from "node:assert/strict";
import { answerProposal, undoLastChange } from "./answer.ts";
import { deskPath } from "./bottle_desk.ts";
import { lockDesk } from "./desk_lock.ts";
import { sha256 } from "./live_routes.ts";
import { readOutcome } from "./outcome.ts";
import { answerOf, deskFixture, LIVE, routes } from "./test_fixture.ts";

const WIDER = routes({ host: "api.example.com" }, { host: "cdn.example.org" });
const code = (wanted: string) => (error: Error & { code?: string }) => {
  assert.equal(error.code, wanted, error.message);
  return true;
};

Deno.test("answerProposal() applies routes before it answers, twice, and each can be undone once", async () => {
  using at = deskFixture();
  for (const turn of [1, 2]) {
    const ticket = at.propose({ justification: `turn ${turn}` });
    const decision = at.decision(ticket.id, "approved", { notes: "go on" });
    await answerProposal(at.bottle, ticket.id, decision, at.context);
    assert.equal(at.live(), WIDER);
    assert.deepEqual(await answerOf(ticket), {
      status: "approved",
      notes: "go on",
      finalFile: WIDER,
    });
    assert.equal(readOutcome(at.bottle, ticket.id)?.status, "approved");
    assert.equal((await undoLastChange(at.bottle, at.context)).proposal_id, ticket.id);
    assert.equal(at.live(), LIVE);
    await assert.rejects(undoLastChange(at.bottle, at.context), code("nothing_to_undo"));
  }
  assert.equal(at.generation(), 5);
  assert.deepEqual(at.events.map(({ type }) => type), [
    ...["proposal_decided", "change_undone"],
    ...["proposal_decided", "change_undone"],
  ]);
  assert.deepEqual(at.events[0]?.hosts, ["added cdn.example.org"]);
});

Deno.test("answerProposal() writes an instant where a ttl was proposed", async () => {
  using at = deskFixture();
  const ticket = at.propose({
    proposedFile: "routes:\n  - host: cdn.example.org # for now\n    ttl: 30m\n",
  });
  await answerProposal(at.bottle, ticket.id, at.decision(ticket.id, "approved"), at.context);
  const applied = routes({ host: "cdn.example.org", expires: "2030-01-31T12:30:00.000Z" });
  assert.equal(at.live(), applied);
  assert.equal((await ticket.answer).finalFile, applied);
});

Deno.test("answerProposal() applies what the operator made of it", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const finalFile = "routes:\n  - host: cdn.example.org\n    matches: [{ methods: [GET] }]\n";
  const decision = at.decision(ticket.id, "modified", { finalFile });
  await answerProposal(at.bottle, ticket.id, decision, at.context);
  const applied = routes({ host: "cdn.example.org", matches: [{ methods: ["GET"] }] });
  assert.equal(at.live(), applied);
  assert.deepEqual(await answerOf(ticket), { status: "modified", notes: "", finalFile: applied });
});

Deno.test("answerProposal() rejects without touching the routes, also what could not be applied", async () => {
  using at = deskFixture();
  const ticket = at.propose({ proposedFile: "routes: [" });
  const approve = at.decision(ticket.id, "approved");
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, approve, at.context),
    code("routes_yaml"),
  );
  assert.equal(at.pending().length, 1);
  Deno.removeSync(deskPath.routes(at.bottle));
  const reject = at.decision(ticket.id, "rejected", { notes: "no" });
  await answerProposal(at.bottle, ticket.id, reject, at.context);
  assert.deepEqual(await answerOf(ticket), { status: "rejected", notes: "no" });
  at.putLive(LIVE);
  assert.equal(at.generation(), 1);
});

Deno.test("answerProposal() releases what waits with a reason, and not without", async () => {
  using at = deskFixture();
  const ticket = at.propose({ tool: "egress-token-allow", details: { host: "api.example.com" } });
  const bare = at.decision(ticket.id, "approved", { notes: "  " });
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, bare, at.context),
    code("proposal_reason"),
  );
  const modified = at.decision(ticket.id, "modified", { notes: "x", finalFile: WIDER });
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, modified, at.context),
    code("proposal_not_modifiable"),
  );
  const approve = at.decision(ticket.id, "approved", { notes: "a sample value" });
  await answerProposal(at.bottle, ticket.id, approve, at.context);
  assert.equal((await ticket.answer).status, "approved");
  assert.equal(at.live(), LIVE);
});

Deno.test("answerProposal() wants another look when the routes changed since they were shown", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const early = at.decision(ticket.id, "approved");
  at.putLive(routes({ host: "other.example.com" }));
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, early, at.context),
    code("proposal_stale"),
  );
  assert.equal(at.pending()[0]?.stale, true);
  const seen = at.decision(ticket.id, "approved");
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, seen, at.context),
    code("proposal_stale"),
  );
  assert.equal(at.live(), routes({ host: "other.example.com" }));
  await answerProposal(at.bottle, ticket.id, { ...seen, staleAccepted: true }, at.context);
  assert.equal(at.live(), WIDER);
});

Deno.test("answerProposal() wants another look when the proposal changed since it was shown", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const decision = at.decision(ticket.id, "approved");
  const path = `${deskPath.queue(at.bottle)}/${ticket.id}.proposal.json`;
  const text = Deno.readTextFileSync(path).replace("cdn.example.org", "evil.example.net");
  Deno.writeTextFileSync(path, text);
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, decision, at.context),
    code("proposal_changed"),
  );
  assert.equal(at.live(), LIVE);
});

Deno.test("answerProposal() refuses a credential that the bottle was not started with", async () => {
  using at = deskFixture();
  const withToken = (token_ref: string) =>
    routes({ host: "api.example.com", auth: { scheme: "Bearer", token_ref } });
  const ticket = at.propose({ proposedFile: withToken("EGRESS_TOKEN_1") });
  const decision = at.decision(ticket.id, "approved");
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, decision, at.context),
    code("routes_token"),
  );
  const finalFile = withToken("EGRESS_TOKEN_0");
  await answerProposal(
    at.bottle,
    ticket.id,
    { ...decision, status: "modified", finalFile },
    at.context,
  );
  assert.equal(at.live(), finalFile);
});

Deno.test("answerProposal() says that a proposal is gone, whoever answered it", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const decision = at.decision(ticket.id, "approved");
  await answerProposal(at.bottle, ticket.id, decision, at.context);
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, decision, at.context),
    code("proposal_gone"),
  );
  await ticket.answer;
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, decision, at.context),
    code("proposal_gone"),
  );
  assert.equal(at.generation(), 2);
});

Deno.test("two answers at once: one is applied, the other finds the proposal gone", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const decision = at.decision(ticket.id, "approved");
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map(() => answerProposal(at.bottle, ticket.id, decision, at.context)),
  );
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  assert.equal(at.generation(), 2);
  assert.equal(at.events.length, 1);
});

Deno.test("answerProposal() leaves the proposal pending when nothing can be written", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const decision = at.decision(ticket.id, "approved");
  // A folder in the place of the file makes the replacement fail, for root too.
  const blocked = deskPath.applying(at.bottle);
  Deno.mkdirSync(blocked, { recursive: true });
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, decision, at.context),
    code("desk_failed"),
  );
  assert.equal(at.live(), LIVE);
  assert.equal(at.pending().length, 1);
  Deno.removeSync(blocked);
  await answerProposal(at.bottle, ticket.id, decision, at.context);
  assert.equal((await ticket.answer).status, "approved");
});

Deno.test("answerProposal() changes nothing that it cannot record", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const full = {
    ...at.context,
    record: () => {
      throw new Error("no space left");
    },
  };
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, at.decision(ticket.id, "approved"), full),
    /no space left/,
  );
  assert.equal(at.live(), LIVE);
  assert.equal(at.pending().length, 1);
});

Deno.test("undoLastChange() refuses when somebody changed the routes since", async () => {
  using at = deskFixture();
  await assert.rejects(undoLastChange(at.bottle, at.context), code("nothing_to_undo"));
  const ticket = at.propose();
  await answerProposal(at.bottle, ticket.id, at.decision(ticket.id, "approved"), at.context);
  at.putLive(routes({ host: "by-hand.example.com" }));
  await assert.rejects(undoLastChange(at.bottle, at.context), code("undo_stale"));
  assert.equal(at.live(), routes({ host: "by-hand.example.com" }));
});

Deno.test("lockDesk() keeps a second process out until the first is done", async () => {
  using at = deskFixture();
  const first = await lockDesk(at.bottle);
  let entered = false;
  const second = lockDesk(at.bottle).then((lock) => {
    entered = true;
    lock[Symbol.dispose]();
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(entered, false);
  first[Symbol.dispose]();
  await second;
  assert.equal(entered, true);
});

Deno.test("an applied file has the hash that its record says", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const { apply } = await answerProposal(
    at.bottle,
    ticket.id,
    at.decision(ticket.id, "approved"),
    at.context,
  );
  assert.equal(apply?.hash, sha256(at.live()));
});
