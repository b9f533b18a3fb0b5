import { deepEqual, equal, ok } from "node:assert/strict";
import { ChainVerifier } from "../../core/event.ts";
import type { Answer } from "../../core/proposal.ts";
import { deskPath } from "../../supervise/bottle_desk.ts";
import { routes } from "../../supervise/test_fixture.ts";
import { DeskScene } from "./scene.ts";

Deno.test("approve that is killed anywhere loses nothing, and nothing is applied twice", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  const answers: Answer[] = [];
  const tickets = Array.from({ length: 12 }, (_, n) => {
    const ticket = dev.propose({ proposedFile: routes({ host: `h${n}.example.com` }) });
    void ticket.answer.then((answer) => answers.push(answer));
    return ticket;
  });
  let killed = 0;
  for (const { id, answer } of tickets) {
    // Again and again: killed at another moment each time, and in the end not at all.
    for (let tries = 0;; tries++) {
      const child = scene.scratch.start(["approve", id, "--stale"]);
      const timer = tries < 4
        ? setTimeout(() => killIfAlive(child), 20 + Math.random() * 150)
        : undefined;
      const { signal, code } = await child.output();
      clearTimeout(timer);
      if (signal !== null) {
        killed++;
        continue;
      }
      // 4: an earlier one that was killed had answered already.
      ok(code === 0 || code === 4, `code ${code}`);
      break;
    }
    equal((await answer).status, "approved");
  }
  ok(killed > 0);
  deepEqual(new Set(answers.map(({ id }) => id)).size, tickets.length);
  equal(dev.live(), routes({ host: "h11.example.com" }));
  // Whatever was left half done is finished by whoever comes next.
  equal((await scene.run(["supervise", "--undo", "dev"])).code, 0);
  const names = [...Deno.readDirSync(deskPath.folder(dev.bottle))].map(({ name }) => name);
  deepEqual(names.filter((name) => name.startsWith("applying.json")), []);
  const verifier = new ChainVerifier();
  for (const line of Deno.readTextFileSync(deskPath.events(dev.bottle)).split("\n").slice(0, -1)) {
    verifier.push(line);
  }
  ok(verifier.verdict().ok);
});

function killIfAlive(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended, and we were not told yet.
    if (!(error instanceof TypeError)) throw error;
  }
}
