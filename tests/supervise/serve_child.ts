import { join } from "node:path/posix";
import { systemClock } from "../../core/clock.ts";
import { answerProposal } from "../../supervise/answer.ts";
import { listPending } from "../../supervise/pending.ts";
import { startSupervise } from "../../supervise/mcp/serve.ts";
import { ProposalQueue } from "../../supervise/queue.ts";

/** A sidecar's half and a host's half in one process, so that what both touch is on one record. */
const [state, socket] = Deno.args as [string, string];
const contract = join(state, "sidecar");
const record = () => {};
using queue = ProposalQueue.open({
  dir: join(contract, "queue"),
  slug: "dev",
  clock: systemClock,
  record,
});
await using _server = await startSupervise({
  listen: { unix: socket },
  slug: "dev",
  contractDir: contract,
  queue,
  isSet: () => true,
  record,
  onDefect: (error) => say(String(error)),
});
say("ready");
const bottle = { slug: "dev", state, contract };
while (queue.pending === 0) await new Promise((resolve) => setTimeout(resolve, 5));
for (const { proposal, hash, liveHash } of listPending([bottle]).proposals) {
  await answerProposal(bottle, proposal.id, {
    status: "approved",
    notes: "a test",
    shown: { proposal: hash, live: liveHash },
  }, { clock: systemClock, record });
}
// The test ends this process when it has its answer.
await new Promise((resolve) => setTimeout(resolve, 60_000));

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
