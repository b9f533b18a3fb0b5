import assert from "node:assert/strict";
import { deskBottle, deskPath, tokenNames } from "./bottle_desk.ts";
import { listPending } from "./pending.ts";
import { previewRoutes } from "./preview.ts";
import { deskFixture, NOW, routes } from "./test_fixture.ts";

Deno.test("listPending() lists what waits in many bottles, oldest first, and none twice", () => {
  using one = deskFixture("one");
  using two = deskFixture("two");
  const ids = [one.propose().id, two.propose().id, one.propose().id];
  const arrivals = ["2030-01-01T00:00:03Z", "2030-01-01T00:00:01Z", "2030-01-01T00:00:02Z"];
  for (const [index, id] of ids.entries()) {
    const { bottle } = index === 1 ? two : one;
    const path = `${deskPath.queue(bottle)}/${id}.proposal.json`;
    const proposal = JSON.parse(Deno.readTextFileSync(path));
    Deno.writeTextFileSync(
      path,
      JSON.stringify({ ...proposal, arrival_timestamp: arrivals[index], later: "kept" }),
    );
  }
  const { proposals, problems } = listPending([one.bottle, two.bottle]);
  assert.deepEqual(proposals.map(({ proposal }) => proposal.id), [ids[1], ids[2], ids[0]]);
  assert.equal(proposals[0]?.bottle.slug, "two");
  assert.equal(proposals[0]?.proposal.later, "kept");
  assert.deepEqual(problems, []);
});

Deno.test("listPending() reports what is malformed and lists the rest", () => {
  using at = deskFixture();
  const { id } = at.propose();
  const queue = deskPath.queue(at.bottle);
  const good = JSON.parse(Deno.readTextFileSync(`${queue}/${id}.proposal.json`));
  const put = (name: string, text: string) => Deno.writeTextFileSync(`${queue}/${name}`, text);
  put("aaaaa-aaaaa.proposal.json", "{");
  put("bbbbb-bbbbb.proposal.json", JSON.stringify({ ...good, id: "ccccc-ccccc" }));
  put("ddddd-ddddd.proposal.json", JSON.stringify({ ...good, id: "ddddd-ddddd", tool: "rm" }));
  put(
    "eeeee-eeeee.proposal.json",
    JSON.stringify({ ...good, id: "eeeee-eeeee", bottle_slug: "other" }),
  );
  put("fffff-fffff.proposal.json", "x".repeat((2 << 20) + 1));
  Deno.symlinkSync("/etc/hostname", `${queue}/ggggg-ggggg.proposal.json`);
  Deno.mkdirSync(`${queue}/hhhhh-hhhhh.proposal.json`);
  put(
    "iiiii-iiiii.proposal.json",
    JSON.stringify({ ...good, id: "iiiii-iiiii", arrival_timestamp: "soon" }),
  );
  put("notes.txt", "no proposal");
  put("../x.proposal.json", "no proposal either");
  const { proposals, problems } = listPending([at.bottle]);
  assert.deepEqual(proposals.map(({ proposal }) => proposal.id), [id]);
  const reasons = new Map(problems.map(({ file, reason }) => [file[0], reason]));
  assert.deepEqual([...reasons.keys()].sort(), ["a", "b", "d", "e", "f", "g", "h", "i"]);
  assert.match(reasons.get("a")!, /not JSON/);
  assert.match(reasons.get("b")!, /another proposal/);
  assert.match(reasons.get("d")!, /tool/);
  assert.match(reasons.get("e")!, /another bottle/);
  assert.match(reasons.get("f")!, /larger than/);
  assert.match(reasons.get("g")!, /symbolic link/);
  assert.match(reasons.get("h")!, /not a regular file/);
  assert.match(reasons.get("i")!, /no instant/);
});

Deno.test("listPending() takes a bottle without a queue for one that never asked", () => {
  assert.deepEqual(listPending([deskBottle("/nonexistent", "x")]), { proposals: [], problems: [] });
});

Deno.test("listPending() leaves out what has its response", () => {
  using at = deskFixture();
  const { id } = at.propose();
  Deno.writeTextFileSync(`${deskPath.queue(at.bottle)}/${id}.response.json`, "");
  assert.deepEqual(at.pending(), []);
});

Deno.test("previewRoutes() shows both files in one spelling, and what to look out for", () => {
  using at = deskFixture();
  at.propose({
    proposedFile:
      "# harmless\nroutes:\n- {auth: {token_ref: EGRESS_TOKEN_0, scheme: Bearer}, host: '*.example.net'}\n" +
      "- host: api.example.com\n",
  });
  const { proposal } = at.pending()[0]!;
  const { live, proposed, changes, problem } = previewRoutes(at.bottle, proposal, NOW);
  assert.equal(problem, undefined);
  assert.equal(live, routes({ host: "api.example.com" }));
  assert.equal(
    proposed,
    routes(
      { host: "*.example.net", auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" } },
      { host: "api.example.com" },
    ),
  );
  assert.equal(changes.length, 1);
  assert.equal(changes[0]?.kind, "added");
  assert.match(
    changes[0]?.warnings.join("; ") ?? "",
    /EGRESS_TOKEN_0 is sent[\s\S]*every name below[\s\S]*every request/,
  );
});

Deno.test("previewRoutes() says why a file cannot be applied", () => {
  using at = deskFixture();
  at.propose({ proposedFile: "routes:\n  - host: a b\n" });
  const { problem, proposed } = previewRoutes(at.bottle, at.pending()[0]!.proposal, NOW);
  assert.match(problem ?? "", /routes\.yaml:2:11/);
  assert.match(proposed, /a b/);
});

Deno.test("tokenNames() gives none where the list is missing or malformed", () => {
  using at = deskFixture();
  assert.deepEqual([...tokenNames(at.bottle)], ["EGRESS_TOKEN_0"]);
  for (const text of ["{", "{}", "[1, null]"]) {
    Deno.writeTextFileSync(deskPath.tokens(at.bottle), text);
    assert.equal(tokenNames(at.bottle).size, 0);
  }
  Deno.removeSync(deskPath.tokens(at.bottle));
  assert.equal(tokenNames(at.bottle).size, 0);
});
