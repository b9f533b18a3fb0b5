import assert from "node:assert/strict";
import type { Answer, Approvals, ProposalDraft } from "../../core/proposal.ts";
import { madeUpToken } from "./attack_stage.ts";
import { GateScene } from "./gate_scene.ts";

/** An operator who answers by a script, and remembers what was asked. */
class Operator implements Approvals {
  readonly asked: ProposalDraft[] = [];
  answer: (draft: ProposalDraft) => Answer | Promise<Answer> = () => ({
    status: "rejected",
    notes: "",
  });
  wait = 0;

  async ask(
    draft: ProposalDraft,
    { timeout, signal }: { timeout: number; signal?: AbortSignal },
  ): Promise<Answer> {
    this.asked.push(draft);
    this.wait = timeout;
    assert.notEqual(signal, undefined);
    return await this.answer(draft);
  }
}

const APPROVED: Answer = { status: "approved", notes: "a test key" };

function marked(token: string): string {
  return `first\nconst key = "${token}"; // gitleaks:allow\n`;
}

Deno.test("an allow comment asks the operator", async (t) => {
  const operator = new Operator();
  await using scene = await GateScene.start({ approvals: operator });
  const client = await scene.clone();
  const token = madeUpToken();
  const commit = await client.commit("Key", { "src/key.ts": marked(token) });
  const push = (ref: string) => client.push("origin", `HEAD:${ref}`);
  const never = async (ref: string) => assert.equal(await scene.upstreamRef(ref), undefined);

  const answers: readonly (readonly [string, Answer, RegExp])[] = [
    [
      "a rejection",
      { status: "rejected", notes: "use the vault" },
      /the operator says: use the vault/,
    ],
    ["no answer in time", { status: "expired", notes: "" }, /did not answer in time/],
    ["a withdrawal", { status: "withdrawn", notes: "" }, /refused/],
    ["a malformed answer", { status: "refused", notes: "malformed" }, /could not be asked/],
    [
      "an approval without a reason",
      { status: "approved", notes: " " },
      /approved without a reason/,
    ],
    [
      "a modified answer",
      { status: "modified", notes: "changed", finalFile: "x" },
      /not a plain approval/,
    ],
  ];
  for (const [name, answer, pattern] of answers) {
    await t.step(`${name} refuses`, async () => {
      operator.answer = () => answer;
      const { code, stderr } = await push("refs/heads/work");
      assert.equal(code, 1);
      assert.match(
        stderr,
        /remote: git-gate: 1 finding with an allow comment: waiting for the operator, at most 300 s/,
      );
      assert.match(stderr, pattern);
      await never("refs/heads/work");
    });
  }
  await t.step("a fault refuses", async () => {
    operator.answer = () => Promise.reject(new Error("the queue is full"));
    assert.equal((await push("refs/heads/work")).code, 1);
    await never("refs/heads/work");
  });
  await t.step("the proposal says what, where and which objects, and no value", () => {
    const { tool, justification, details } = operator.asked[0]!;
    assert.equal(tool, "gitleaks-allow");
    assert.match(justification, /A push to refs\/heads\/work of app/);
    assert.deepEqual(details.refs, [{ ref: "refs/heads/work", old: "0".repeat(40), new: commit }]);
    const [finding] = details.findings as {
      path: string;
      line: number;
      rule: string;
      commit: string;
      excerpt: string;
    }[];
    assert.equal(finding!.path, "src/key.ts");
    assert.equal(finding!.line, 2);
    assert.equal(finding!.commit, commit);
    assert.match(finding!.rule, /github-pat/);
    assert.match(finding!.excerpt, /REDACTED/);
    assert.equal(JSON.stringify(operator.asked).includes(token), false);
    assert.equal(operator.wait, 300_000);
  });
  await t.step("D15 an approval lets exactly this push through", async () => {
    operator.answer = () => APPROVED;
    const { code, stderr } = await push("refs/heads/work");
    assert.equal(code, 0, stderr);
    assert.equal(await scene.upstreamRef("refs/heads/work"), commit);
  });
  await t.step("D15 a changed push asks again", async () => {
    operator.answer = () => ({ status: "rejected", notes: "no" });
    const count = operator.asked.length;
    await client.commit("Other key", { "src/key.ts": marked(madeUpToken()) });
    assert.equal((await push("refs/heads/work")).code, 1);
    assert.equal(operator.asked.length, count + 1);
    assert.equal(await scene.upstreamRef("refs/heads/work"), commit);
  });
  await t.step("D15 the same objects for another ref ask again", async () => {
    const fresh = await client.commit("Third key", { "src/key.ts": marked(madeUpToken()) });
    operator.answer = () => APPROVED;
    await scene.stopSshdDuringForward(operator, async () => {
      assert.equal((await push("refs/heads/third")).code, 1, "the upstream is gone");
    });
    const count = operator.asked.length;
    operator.answer = () => ({ status: "rejected", notes: "no" });
    assert.equal((await push("refs/heads/fourth")).code, 1);
    assert.equal(operator.asked.length, count + 1);
    // The approval is still good for what it was given for, since that never arrived.
    const { code, stderr } = await push("refs/heads/third");
    assert.equal(code, 0, stderr);
    assert.equal(operator.asked.length, count + 1);
    assert.equal(await scene.upstreamRef("refs/heads/third"), fresh);
    // And used up then.
    const other = await scene.direct();
    await other.git("push", "-q", "origin", ":refs/heads/third", ":refs/heads/work");
    assert.equal((await push("refs/heads/third")).code, 1);
    assert.equal(operator.asked.length, count + 2);
  });
  await t.step("one finding without a comment refuses without asking", async () => {
    const count = operator.asked.length;
    operator.answer = () => APPROVED;
    await client.commit("Two", {
      "src/key.ts": `${marked(madeUpToken())}const b = "${madeUpToken()}";\n`,
    });
    const { stderr } = await push("refs/heads/two");
    assert.match(stderr, /in src\/key\.ts line 3/);
    assert.equal(operator.asked.length, count);
    await never("refs/heads/two");
  });
  await t.step("a comment in an earlier commit does not speak for a later one", async () => {
    const count = operator.asked.length;
    const key = madeUpToken();
    await client.commit("With", { "src/key.ts": marked(key) });
    await client.commit("Without", { "src/key.ts": `const key = "${key}";\n` });
    assert.equal((await push("refs/heads/later")).code, 1);
    assert.equal(operator.asked.length, count);
  });
  await t.step("a credential of the bottle is never asked about", async () => {
    const count = operator.asked.length;
    await client.git("checkout", "-q", "-B", "leak", "origin/main");
    await client.commit("Leak", { "a.ts": `const a = "${scene.secret}"; // gitleaks:allow\n` });
    assert.equal((await push("refs/heads/leak")).code, 1);
    assert.equal(operator.asked.length, count);
  });
  await t.step("other pushes go on while the operator thinks", async () => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    operator.answer = () => {
      isAsked();
      return promise;
    };
    await client.git("checkout", "-q", "-B", "slow", "origin/main");
    await client.commit("Slow", { "slow.ts": marked(madeUpToken()) });
    const slow = push("refs/heads/slow");
    await asked;
    const other = await scene.clone();
    await other.commit("Quick", { "quick.txt": "q\n" });
    assert.equal((await other.push("origin", "HEAD:refs/heads/quick")).code, 0);
    resolve(APPROVED);
    assert.equal((await slow).code, 0);
  });
  assert.deepEqual(scene.defects, []);
});
