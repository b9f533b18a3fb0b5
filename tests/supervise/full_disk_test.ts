import assert from "node:assert/strict";
import { answerProposal } from "../../supervise/answer.ts";
import { deskFixture, LIVE, routes } from "../../supervise/test_fixture.ts";
import { eventually } from "./scene.ts";

/** A file system of 256 KiB; undefined where none can be mounted. */
function smallDisk(): { path: string; fill(): void; free(): void } & Disposable | undefined {
  const path = Deno.makeTempDirSync({ prefix: "disk-" });
  const mount = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", path],
    stderr: "null",
  });
  let mounted = false;
  try {
    mounted = mount.outputSync().success;
  } catch { /* there is no mount here */ }
  if (!mounted) {
    Deno.removeSync(path);
    return undefined;
  }
  return {
    path,
    fill() {
      using file = Deno.openSync(`${path}/ballast`, { write: true, create: true });
      const block = new Uint8Array(4096);
      try {
        for (;;) file.writeSync(block);
      } catch { /* full */ }
    },
    free: () => Deno.removeSync(`${path}/ballast`),
    [Symbol.dispose]() {
      assert.ok(new Deno.Command("umount", { args: [path] }).outputSync().success);
      Deno.removeSync(path);
    },
  };
}

Deno.test("on a full disk nothing is applied, nothing is queued, and nothing is lost", async () => {
  using disk = smallDisk();
  if (disk === undefined) {
    Deno.stderr.writeSync(
      new TextEncoder().encode("\nNOT RUN: no file system can be mounted here\n"),
    );
    return;
  }
  const home = `${disk.path}/home`;
  Deno.mkdirSync(home);
  using at = deskFixture("dev", home);
  const ticket = at.propose();
  const report = at.propose({ tool: "egress-token-allow" });
  const approve = at.decision(ticket.id, "approved");
  const release = at.decision(report.id, "approved", { notes: "a sample" });
  disk.fill();
  await assert.rejects(
    answerProposal(at.bottle, ticket.id, approve, at.context),
    (error: Error & { code?: string }) => /^(apply_failed|desk_failed)$/.test(error.code ?? ""),
  );
  await assert.rejects(
    answerProposal(at.bottle, report.id, release, at.context),
    (error: Error & { code?: string }) => /^(answer_failed|desk_failed)$/.test(error.code ?? ""),
  );
  assert.equal(at.live(), LIVE);
  assert.equal(at.pending().length, 2);
  const refused = await at.queue.ask(
    { tool: "egress-token-allow", justification: "", details: {} },
    { timeout: 60_000 },
  );
  assert.equal(refused.status, "refused");
  assert.match(refused.notes, /could not be queued/);
  disk.free();
  await answerProposal(at.bottle, ticket.id, approve, at.context);
  await answerProposal(at.bottle, report.id, release, at.context);
  assert.equal((await ticket.answer).status, "approved");
  assert.equal((await report.answer).status, "approved");
  assert.equal(at.live(), routes({ host: "api.example.com" }, { host: "cdn.example.org" }));
  // An answer counts although its papers cannot be filed.
  const last = at.propose({ tool: "egress-token-allow" });
  const response = { proposal_id: last.id, status: "approved", notes: "a sample" };
  Deno.writeTextFileSync(
    `${at.bottle.contract}/queue/${last.id}.response.json`,
    JSON.stringify(response),
  );
  disk.fill();
  assert.equal((await last.answer).status, "approved");
  await eventually(() => at.pending().length === 0 ? true : undefined, "an empty list");
  disk.free();
});
