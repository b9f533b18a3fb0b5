import { deepEqual, equal, match, ok } from "node:assert/strict";
import { deskPath } from "../bottle_desk.ts";
import { queuePath } from "../queue_files.ts";
import { deskFixture, NOW, routes } from "../test_fixture.ts";
import { countWaiting } from "../waiting_ids.ts";
import { WaitingList } from "./waiting.ts";

/** Looks until everything has been read. */
function lookAll(list: WaitingList, bottles: Parameters<WaitingList["look"]>[0]) {
  for (let looks = 1;; looks++) {
    const found = list.look(bottles);
    if (!found.more) return { ...found, looks };
  }
}

Deno.test("WaitingList follows proposals that come, change, are answered and go", () => {
  using at = deskFixture();
  const list = new WaitingList(() => NOW);
  const look = () => lookAll(list, [at.bottle]).rows.map(({ id, stale }) => [id, stale]);
  deepEqual(look(), []);
  const first = at.propose();
  deepEqual(look(), [[first.id, false]]);
  const second = at.propose({ tool: "egress-token-allow" });
  equal(look().length, 2);
  at.putLive(routes({ host: "other.example.net" }));
  deepEqual(
    new Map(look() as [string, boolean][]),
    new Map([[first.id, true], [second.id, false]]),
  );
  Deno.writeTextFileSync(queuePath(deskPath.queue(at.bottle), first.id, "response"), "{}");
  deepEqual(look(), [[second.id, false]]);
  equal(countWaiting(at.bottle), 1);
  deepEqual(lookAll(list, []).rows, []);
});

Deno.test("WaitingList says on one line what each proposal is about", () => {
  using at = deskFixture();
  const summaries = (draft: Parameters<typeof at.propose>[0]) => {
    const { id } = at.propose(draft);
    return lookAll(new WaitingList(() => NOW), [at.bottle]).rows.find((row) => row.id === id)!
      .summary;
  };
  equal(
    summaries({ proposedFile: routes({ host: "a.example.com" }) }),
    "+a.example.com! -api.example.com",
  );
  equal(
    summaries({
      proposedFile: routes(...Array.from({ length: 9 }, (_, n) => ({ host: `h${n}.example.com` }))),
    })
      .split(" ").slice(-3).join(" "),
    "and 4 more",
  );
  match(summaries({ proposedFile: "routes: [" }), /^cannot be applied: /);
  equal(summaries({ proposedFile: at.live(), justification: "a\x1b[2Jb\nc" }), "changes nothing");
  equal(
    summaries({
      tool: "egress-token-allow",
      details: { rule: "key", method: "PUT", host: "a.example.com", path: "/x\x1b" },
    }),
    "key: PUT a.example.com/x\ufffd",
  );
  equal(
    summaries({ tool: "budget-raise", details: { scope: "bottle", amount: 5 } }),
    '5 more for "bottle"',
  );
  equal(summaries({ tool: "gitleaks-allow", justification: "a push\nof it" }), "a push of it");
});

Deno.test("WaitingList reads a flood bit by bit, and each file once", () => {
  using at = deskFixture();
  const files = 200;
  const { id } = at.propose({ tool: "gitleaks-allow" });
  const queue = deskPath.queue(at.bottle);
  const text = Deno.readTextFileSync(queuePath(queue, id, "proposal"));
  for (let n = 1; n < files; n++) {
    const name = `flood-${String(n).padStart(5, "0")}`;
    Deno.writeTextFileSync(queuePath(queue, name, "proposal"), text.replace(id, name));
  }
  const list = new WaitingList(() => NOW);
  const first = list.look([at.bottle]);
  ok(first.rows.length > 0 && first.rows.length < 50, `${first.rows.length} rows in one look`);
  ok(first.more);
  const all = lookAll(list, [at.bottle]);
  equal(all.rows.length, files);
  // Nothing is read again: what is replaced by the same bytes at the same time is not looked into.
  equal(list.look([at.bottle]).more, false);
});

Deno.test("WaitingList names what is malformed, and a folder that holds too much", () => {
  using at = deskFixture();
  const { id } = at.propose();
  const queue = deskPath.queue(at.bottle);
  Deno.writeTextFileSync(queuePath(queue, "broken-12345", "proposal"), "{");
  Deno.symlinkSync("/etc/passwd", queuePath(queue, "linked-12345", "proposal"));
  const { rows, problems } = lookAll(new WaitingList(() => NOW), [at.bottle]);
  deepEqual(rows.map((row) => row.id), [id]);
  deepEqual(problems.map(({ file, reason }) => `${file}: ${reason}`).sort(), [
    "broken-12345.proposal.json: it is not JSON",
    "linked-12345.proposal.json: it is a symbolic link",
  ]);
  for (let n = 0; n < 600; n++) {
    Deno.writeTextFileSync(queuePath(queue, `many-${String(n).padStart(5, "0")}`, "proposal"), "{");
  }
  const many = lookAll(new WaitingList(() => NOW), [at.bottle]);
  ok(many.problems.some(({ reason }) => reason === "603 proposals lie there; 500 are shown"));
});
