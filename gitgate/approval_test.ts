import assert from "node:assert/strict";
import type { Answer } from "../core/proposal.ts";
import { ApprovalBook, type ApprovalSubject, type ShownFinding } from "./approval.ts";

const SUBJECT: ApprovalSubject = {
  repo: "app",
  commands: [{ ref: "refs/heads/a", old: "0".repeat(40), new: "1".repeat(40) }],
};

function finding(line: number): ShownFinding {
  const source = { kind: "blob", id: "2".repeat(40), path: "a.ts", linesKnown: true } as const;
  return {
    source,
    rules: ["x"],
    known: false,
    line,
    excerpt: undefined,
    path: "a.ts",
    commit: undefined,
  };
}

const never = new AbortController().signal;

Deno.test("ApprovalBook keeps an approval for the same findings in the same push, until it has arrived", async () => {
  let asked = 0;
  const answer: Answer = { status: "approved", notes: "a made-up value" };
  const book = new ApprovalBook({ ask: () => Promise.resolve((asked++, answer)) }, 1000);
  const ask = async (...findings: ShownFinding[]) =>
    assert.equal((await book.ask(SUBJECT, findings, never)).released, true);
  await ask(finding(1));
  await ask(finding(1));
  assert.equal(asked, 1);
  await ask(finding(1), finding(2));
  assert.equal(asked, 2);
  book.used(SUBJECT);
  await ask(finding(1), finding(2));
  assert.equal(asked, 3);
});

Deno.test("ApprovalBook lets a few pushes wait, and others when those were answered", async () => {
  const open: ((answer: Answer) => void)[] = [];
  const book = new ApprovalBook({
    ask: () => new Promise((resolve) => void open.push(resolve)),
  }, 1000);
  const push = (id: number) =>
    book.ask({ ...SUBJECT, repo: `app${id}` }, [finding(1)], never).then(({ status }) => status);
  const waiting = Array.from({ length: 8 }, (_, id) => push(id));
  assert.equal(await push(8), "refused");
  for (const answer of open.splice(0)) answer({ status: "rejected", notes: "" });
  assert.deepEqual([...new Set(await Promise.all(waiting))], ["rejected"]);
  const again = push(8);
  open[0]!({ status: "rejected", notes: "" });
  assert.equal(await again, "rejected");
});
