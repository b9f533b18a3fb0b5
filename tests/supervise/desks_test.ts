import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { ChainVerifier } from "../../core/event.ts";
import { type Answer, MAX_PENDING } from "../../core/proposal.ts";
import { deskPath } from "../../supervise/bottle_desk.ts";
import { undoLastChange } from "../../supervise/answer.ts";
import { deskFixture, routes } from "../../supervise/test_fixture.ts";
import type { Ticket } from "../../supervise/queue.ts";
import { eventually } from "./scene.ts";

/** A desk in a process of its own, and the lines that it said. */
function startDesk(home: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "-A",
      "--v8-flags=--enable-experimental-regexp-engine",
      join(import.meta.dirname!, "desk_child.ts"),
      home,
      "dev",
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: string[] = [];
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      lines.push(...text.split("\n").filter((line) => line !== ""));
    }
  })();
  return {
    lines,
    async kill() {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}

/** How many proposals the killed desks answer together. */
const ALL = 48;

/** Proposes a file of its own. */
function proposeNumber(at: ReturnType<typeof deskFixture>, n: number): Ticket {
  return at.propose({ proposedFile: routes({ host: `h${n}.example.com` }) });
}

function chain(path: string): { ok: boolean; types: Map<string, number> } {
  const verifier = new ChainVerifier();
  const types = new Map<string, number>();
  for (const line of Deno.readTextFileSync(path).split("\n").slice(0, -1)) {
    verifier.push(line);
    const { type } = JSON.parse(line);
    types.set(type, (types.get(type) ?? 0) + 1);
  }
  return { ok: verifier.verdict().ok, types };
}

Deno.test("two desks at once answer each proposal once", async () => {
  using at = deskFixture();
  const tickets = Array.from({ length: MAX_PENDING }, (_, n) => proposeNumber(at, n));
  const desks = [startDesk(at.home), startDesk(at.home)];
  const answers = await Promise.all(tickets.map(({ answer }) => answer));
  for (const desk of desks) await desk.kill();
  assert.ok(answers.every(({ status }) => status === "approved"), JSON.stringify(answers));
  const { ok, types } = chain(deskPath.events(at.bottle));
  assert.ok(ok);
  assert.equal(types.get("proposal_decided"), MAX_PENDING);
  assert.equal(at.generation(), 1 + MAX_PENDING);
  assert.deepEqual(at.pending(), []);
  assert.ok(answers.some(({ finalFile }) => finalFile === at.live()));
});

Deno.test("a desk that is killed again and again loses nothing and applies nothing twice", async () => {
  using at = deskFixture();
  const answers: Answer[] = [];
  let asked = 0;
  const ask = () => {
    const ticket = proposeNumber(at, asked++);
    void ticket.answer.then((answer) => {
      answers.push(answer);
      if (asked < ALL) ask();
    });
  };
  while (asked < MAX_PENDING) ask();
  let kills = 0;
  for (; answers.length < ALL; kills++) {
    const before = answers.length;
    const desk = startDesk(at.home);
    const isBusy = () => desk.lines.length > 0 || answers.length >= ALL || undefined;
    await eventually(isBusy, "a desk at work");
    // Killed in the middle of whatever it does then.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    await desk.kill();
    assert.ok(kills < 300, `${before} answered after ${kills} desks`);
  }
  assert.ok(kills > 1);
  assert.ok(answers.every(({ status }) => status === "approved"));
  assert.equal(new Set(answers.map(({ id }) => id)).size, ALL);
  assert.deepEqual(at.pending(), []);
  const { ok } = chain(deskPath.events(at.bottle));
  assert.ok(ok);
  // Whatever was left half done is found by the next who comes.
  assert.ok(answers.some(({ finalFile }) => finalFile === at.live()));
  await undoLastChange(at.bottle, at.context);
  for (const folder of ["approvals", "sidecar/config", "sidecar/queue"]) {
    const left = at.files(`state/dev/${folder}`).filter((name) => /applying|last|tmp/.test(name));
    assert.deepEqual(left, []);
  }
});
