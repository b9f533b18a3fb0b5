import { systemClock } from "../../core/clock.ts";
import { answerProposal } from "../../supervise/answer.ts";
import { deskBottle } from "../../supervise/bottle_desk.ts";
import { deskRecorder } from "../../supervise/desk_events.ts";
import { listPending } from "../../supervise/pending.ts";

/** A desk without a screen: approves whatever waits, over and over, until it is killed. */
const [home, slug] = Deno.args;
const bottle = deskBottle(home!, slug!);
const say = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
const context = { clock: systemClock, record: deskRecorder(bottle, systemClock) };
for (;;) {
  for (const { proposal, hash, liveHash } of listPending([bottle]).proposals) {
    const decision = {
      status: "approved",
      notes: "a test",
      shown: { proposal: hash, live: liveHash },
      staleAccepted: true,
    } as const;
    await answerProposal(bottle, proposal.id, decision, context).then(
      () => say(proposal.id),
      (error) => say(error.code ?? String(error)),
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
}
