import assert from "node:assert/strict";
import { answerProposal, undoLastChange } from "./answer.ts";
import { followExpiry, removeExpired } from "./expiry.ts";
import { deskFixture, LIVE, NOW, routes } from "./test_fixture.ts";

const MINUTE = 60_000;

Deno.test("removeExpired() removes a route when its time has come, and the change can still be undone", async () => {
  using at = deskFixture();
  const ticket = at.propose({
    proposedFile: routes(
      { host: "api.example.com" },
      { host: "a.example.org", ttl: "30m" },
      { host: "b.example.org", ttl: "1h" },
    ),
  });
  await answerProposal(at.bottle, ticket.id, at.decision(ticket.id, "approved"), at.context);
  assert.deepEqual(await removeExpired(at.bottle, at.context), {
    removed: [],
    next: NOW + 30 * MINUTE,
  });
  at.pass(30 * MINUTE);
  assert.deepEqual(await removeExpired(at.bottle, at.context), {
    removed: ["a.example.org"],
    next: NOW + 60 * MINUTE,
  });
  assert.equal(
    at.live(),
    routes({ host: "api.example.com" }, {
      host: "b.example.org",
      expires: "2030-01-31T13:00:00.000Z",
    }),
  );
  assert.equal(at.generation(), 3);
  assert.deepEqual(at.events.at(-1), {
    type: "route_expired",
    slug: "dev",
    host: "a.example.org",
    expires: "2030-01-31T12:30:00.000Z",
  });
  await undoLastChange(at.bottle, at.context);
  assert.equal(at.live(), LIVE);
});

Deno.test("undoing a block does not bring back a route whose time is over", async () => {
  using at = deskFixture();
  at.putLive(
    routes({ host: "api.example.com" }, { host: "a.example.org", expires: "2030-01-31T12:10:00Z" }),
  );
  const ticket = at.propose({ tool: "egress-block", proposedFile: "routes: []" });
  await answerProposal(at.bottle, ticket.id, at.decision(ticket.id, "approved"), at.context);
  at.pass(11 * MINUTE);
  await undoLastChange(at.bottle, at.context);
  assert.equal(at.live(), LIVE);
});

Deno.test("followExpiry() removes what ends while it runs, and tells what it cannot read", async () => {
  using at = deskFixture();
  const problems: string[] = [];
  const onProblem = (message: string) => void problems.push(message);
  const until = async (condition: () => boolean) => {
    const start = performance.now();
    while (!condition()) {
      assert.ok(performance.now() - start < 20_000, "in time");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await using _following = followExpiry(at.bottle, { ...at.context, onProblem });
  at.putLive(routes({ host: "a.example.org", expires: "2030-01-31T11:00:00Z" }));
  await until(() => at.live() === routes());
  assert.deepEqual(problems, []);
  at.putLive("routes: [");
  await until(() => problems.length > 0);
  assert.match(problems[0]!, /routes\.yaml:1/);
});
