import { deepEqual, equal } from "node:assert/strict";
import type { ProposalDraft } from "../../core/proposal.ts";
import { APPROVED, FakeApprovals } from "../../tests/support/fake_approvals.ts";
import { Holds } from "./holds.ts";

const DRAFT: ProposalDraft = { tool: "egress-token-allow", justification: "", details: {} };
const stay = () => new AbortController().signal;

Deno.test("Holds.ask() asks once for all who wait, and goes on while one of them stays", async () => {
  const operator = new FakeApprovals();
  const holds = new Holds(operator, 1_000);
  const leaving = new AbortController();
  const first = holds.ask("key", DRAFT, true, leaving.signal);
  const second = holds.ask("key", DRAFT, true, stay());
  const question = await operator.question(1);
  leaving.abort();
  deepEqual((await first).status, "withdrawn");
  equal(question.signal?.aborted, false);
  question.answer(APPROVED);
  deepEqual(await second, APPROVED);
  equal(operator.asked.length, 1);
  equal(holds.isApproved("key"), true);
  equal(holds.isApproved("other"), false);
});

Deno.test("Holds.ask() withdraws the question when the last one leaves, and asks anew after that", async () => {
  const operator = new FakeApprovals();
  const holds = new Holds(operator, 1_000);
  for (let round = 1; round <= 2; round++) {
    const leaving = [new AbortController(), new AbortController()];
    const waiting = leaving.map(({ signal }) => holds.ask("key", DRAFT, true, signal));
    const question = await operator.question(round);
    for (const one of leaving) one.abort();
    await Promise.all(waiting);
    equal(question.signal?.aborted, true);
  }
  equal(holds.isApproved("key"), false);
});

Deno.test("Holds.ask() remembers no approval without a reason, and none that is for one request", async () => {
  const operator = new FakeApprovals();
  const holds = new Holds(operator, 1_000);
  for (const [round, [reason, lasting]] of ([[" ", true], ["fine", false]] as const).entries()) {
    const asked = holds.ask("key", DRAFT, lasting, stay());
    (await operator.question(round + 1)).answer({ status: "approved", notes: reason });
    await asked;
    equal(holds.isApproved("key"), false);
  }
});

Deno.test("Holds.ask() refuses where nobody can be asked", async () => {
  const { status, notes } = await new Holds(undefined, 1_000).ask("key", DRAFT, true, stay());
  deepEqual([status, notes], ["refused", "nobody can be asked here"]);
});
