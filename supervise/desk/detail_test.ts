import { deepEqual, equal, match, ok } from "node:assert/strict";
import { answerProposal } from "../answer.ts";
import { deskFixture, NOW, routes } from "../test_fixture.ts";
import { type Detail, loadDetail } from "./detail.ts";
import { newestChange } from "./undo_question.ts";

function loaded(at: ReturnType<typeof deskFixture>, id: string, edited?: string): Detail {
  const detail = loadDetail(at.bottle, id, NOW, edited);
  if (detail === undefined || "malformed" in detail) throw new Error("it is not there");
  return detail;
}

const texts = ({ lines }: Detail, kind?: string) =>
  lines.filter((line) => kind === undefined || line.kind === kind).map(({ text }) => text);

Deno.test("loadDetail() shows routes as hosts, warnings and a difference in one spelling", () => {
  using at = deskFixture();
  const { id } = at.propose({
    proposedFile: "# a comment\nroutes:\n  - {host: api.example.com}\n  - host: '*.example.org'\n",
  });
  const detail = loaded(at, id);
  deepEqual(texts(detail, "added"), [
    "  + *.example.org",
    "+    },",
    "+    {",
    '+      "host": "*.example.org"',
  ]);
  deepEqual(texts(detail, "warning"), [
    "    ! it covers every name below that one",
    "    ! every request to this host is allowed",
  ]);
  equal(detail.draft, routes({ host: "api.example.com" }, { host: "*.example.org" }));
  equal(detail.problem, undefined);
  ok(!texts(detail).join("\n").includes("a comment"));
});

Deno.test("loadDetail() compares the operator's file when there is one", () => {
  using at = deskFixture();
  const { id } = at.propose();
  const mine = routes({ host: "api.example.com" }, { host: "mine.example.com" });
  const detail = loaded(at, id, mine);
  deepEqual([detail.edited, detail.draft], [mine, mine]);
  ok(texts(detail, "added").includes("  + mine.example.com"));
  const broken = loaded(at, id, "routes: [{host: mine.example.com, hots: 1}]");
  match(broken.problem ?? "", /Unknown key hots/);
});

Deno.test("loadDetail() says that the live file cannot be read, and nothing can be approved then", () => {
  using at = deskFixture();
  const { id } = at.propose();
  Deno.removeSync(`${at.bottle.contract}/config/routes.yaml`);
  const detail = loaded(at, id);
  match(detail.problem ?? "", /Cannot read/);
  equal(detail.stale, true);
});

Deno.test("loadDetail() shows the facts of a push, each finding by itself and the rest as far as it is known", () => {
  using at = deskFixture();
  const { id } = at.propose({
    tool: "gitleaks-allow",
    details: {
      more: 2,
      repo: "app",
      refs: [{ ref: "refs/heads/main", old: "0", new: "1" }],
      findings: [{ rule: "key", path: "a\x1bb", line: 3, commit: null }],
      deep: { a: { b: { c: { d: 1 } } } },
      empty: [],
    },
  });
  const shown = texts(loaded(at, id)).join("\n");
  match(shown, /repo: app\n {2}refs:\n {4}-\n {6}ref: refs\/heads\/main\n/);
  match(shown, /rule: key\n {6}path: a\ufffdb\n {6}line: 3\n {6}commit: null/);
  match(shown, /c: \{"d":1\}/);
  match(shown, /empty: none/);
  ok(shown.indexOf("repo:") < shown.indexOf("more: 2"));
});

Deno.test("loadDetail() tells what is gone from what is malformed", () => {
  using at = deskFixture();
  equal(loadDetail(at.bottle, "nothing-here", NOW), undefined);
  Deno.writeTextFileSync(`${at.bottle.contract}/queue/broken-12345.proposal.json`, "[]");
  ok("malformed" in loadDetail(at.bottle, "broken-12345", NOW)!);
});

Deno.test("newestChange() says what undoing would do", async () => {
  using at = deskFixture();
  equal(newestChange([at.bottle]), undefined);
  const { id } = at.propose();
  await answerProposal(at.bottle, id, at.decision(id, "approved"), at.context);
  deepEqual(newestChange([at.bottle]), {
    slug: "dev",
    time: new Date(NOW).toISOString(),
    proposal: id,
    hosts: ["-cdn.example.org"],
  });
});
