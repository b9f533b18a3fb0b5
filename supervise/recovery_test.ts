import assert from "node:assert/strict";
import { recoverChange } from "./apply_change.ts";
import { answerProposal, undoLastChange } from "./answer.ts";
import { deskPath } from "./bottle_desk.ts";
import { sha256 } from "./live_routes.ts";
import { recoveryOf, type RouteChangeRecord } from "./route_change_file.ts";
import { type DeskFixture, deskFixture, LIVE, routes } from "./test_fixture.ts";

const WIDER = routes({ host: "api.example.com" }, { host: "cdn.example.org" });

for (
  const [live, recovery] of [
    ["after", "finish"],
    ["before", "forget"],
    ["else", "abandon"],
    [undefined, "abandon"],
  ] as const
) {
  Deno.test(`recoveryOf() says ${recovery} when the live file is ${live}`, () => {
    assert.equal(recoveryOf({ previous_hash: "before", final_hash: "after" }, live), recovery);
  });
}

/** Writes what a process leaves that intended to approve `id`. */
function intend(at: DeskFixture, id: string): RouteChangeRecord {
  const change: RouteChangeRecord = {
    kind: "proposal",
    proposal_id: id,
    previous_text: LIVE,
    previous_hash: sha256(LIVE),
    final_hash: sha256(WIDER),
    response: { proposal_id: id, status: "approved", notes: "go on", final_file: WIDER },
    time: "2030-01-31T12:00:00.000Z",
  };
  Deno.mkdirSync(deskPath.folder(at.bottle), { recursive: true });
  Deno.writeTextFileSync(deskPath.applying(at.bottle), JSON.stringify(change));
  return change;
}

Deno.test("killed before the routes were replaced: nothing happened, and the proposal waits", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  intend(at, ticket.id);
  recoverChange(at.bottle, at.context);
  assert.equal(at.live(), LIVE);
  assert.equal(at.pending()[0]?.proposal.id, ticket.id);
  assert.equal(at.pending()[0]?.stale, false);
  assert.equal(at.events[0]?.outcome, "not made");
  await answerProposal(at.bottle, ticket.id, at.decision(ticket.id, "approved"), at.context);
  assert.equal((await ticket.answer).status, "approved");
});

Deno.test("killed after the routes were replaced: announced, answered, and to be undone", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  intend(at, ticket.id);
  at.putLive(WIDER);
  recoverChange(at.bottle, at.context);
  assert.equal(at.generation(), 2);
  assert.equal((await ticket.answer).finalFile, WIDER);
  assert.equal(at.events[0]?.outcome, "finished");
  recoverChange(at.bottle, at.context);
  assert.equal(at.events.length, 1);
  await undoLastChange(at.bottle, at.context);
  assert.equal(at.live(), LIVE);
});

Deno.test("killed after the response was written: it is given once", async () => {
  using at = deskFixture();
  const ticket = at.propose();
  const change = intend(at, ticket.id);
  at.putLive(WIDER);
  Deno.writeTextFileSync(
    `${deskPath.queue(at.bottle)}/${ticket.id}.response.json`,
    JSON.stringify(change.response),
  );
  assert.equal((await ticket.answer).status, "approved");
  recoverChange(at.bottle, at.context);
  assert.deepEqual(at.files("state/dev/sidecar/queue"), ["processed"]);
  assert.equal(at.live(), WIDER);
  assert.deepEqual(at.files("state/dev/approvals"), ["last_change.json"]);
});

Deno.test("killed, and the routes edited by hand: the proposal waits and is stale", () => {
  using at = deskFixture();
  const ticket = at.propose();
  intend(at, ticket.id);
  at.putLive(routes({ host: "by-hand.example.com" }));
  recoverChange(at.bottle, at.context);
  assert.equal(at.events[0]?.outcome, "abandoned");
  assert.equal(at.pending()[0]?.proposal.id, ticket.id);
  assert.equal(at.pending()[0]?.stale, true);
  assert.equal(at.live(), routes({ host: "by-hand.example.com" }));
});

Deno.test("a record that cannot be read is put away, and nothing else is touched", () => {
  using at = deskFixture();
  const ticket = at.propose();
  intend(at, ticket.id);
  Deno.writeTextFileSync(deskPath.applying(at.bottle), '{"kind":');
  recoverChange(at.bottle, at.context);
  assert.equal(at.live(), LIVE);
  assert.equal(at.pending().length, 1);
  assert.deepEqual(at.files("state/dev/approvals"), []);
});

Deno.test("an answer finishes first what another process left", async () => {
  using at = deskFixture();
  const first = at.propose();
  const second = at.propose({ proposedFile: "routes: []" });
  intend(at, first.id);
  at.putLive(WIDER);
  const decision = at.decision(second.id, "approved", { staleAccepted: true });
  await answerProposal(at.bottle, second.id, decision, at.context);
  assert.equal((await first.answer).status, "approved");
  assert.equal((await second.answer).status, "approved");
  assert.equal(at.live(), routes());
});
