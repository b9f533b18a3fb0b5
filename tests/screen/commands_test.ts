import { deepEqual, equal, match, ok } from "node:assert/strict";
import { queuePath } from "../../supervise/queue_files.ts";
import { deskPath } from "../../supervise/bottle_desk.ts";
import { LIVE, routes } from "../../supervise/test_fixture.ts";
import { answerOf, DeskScene, heldValue } from "./scene.ts";

const WIDER = routes({ host: "api.example.com" }, { host: "cdn.example.org" });

Deno.test("supervise --once lists what waits in every bottle, oldest first, and as JSON", async () => {
  using scene = new DeskScene();
  equal((await scene.run(["supervise", "--once"])).stderr, "bot-bottle: no bottle runs\n");
  const [one, two] = [scene.bottle("one"), scene.bottle("other")];
  match((await scene.run(["supervise", "--once"])).stderr, /nothing waits in 2 running/);
  const first = two.propose();
  const second = one.propose(heldValue({ path: "/\x1b[2J\u202e" }));
  const { code, stdout } = await scene.run(["supervise", "--once"]);
  equal(code, 0);
  const [head, ...rows] = stdout.trimEnd().split("\n");
  match(head!, /^ID +BOTTLE +KIND +ARRIVED +STALE +ABOUT$/);
  match(rows[0]!, new RegExp(`^${first.id} +other +egress-allow .* - +\\+cdn\\.example\\.org!$`));
  match(rows[1]!, new RegExp(`^${second.id} +one +egress-token-allow .*POST api\\.example\\.com/`));
  // deno-lint-ignore no-control-regex
  ok(!/[\x00-\x09\x0b-\x1f\u202e]/.test(stdout));
  const json = JSON.parse((await scene.run(["supervise", "--json"])).stdout);
  deepEqual(
    json.proposals.map(({ id, bottle, tool, stale }: Record<string, unknown>) => [
      id,
      bottle,
      tool,
      stale,
    ]),
    [[first.id, "other", "egress-allow", false], [second.id, "one", "egress-token-allow", false]],
  );
  deepEqual(
    JSON.parse((await scene.run(["supervise", "--json", "--bottle", "one"])).stdout)
      .proposals.map(({ id }: { id: string }) => id),
    [second.id],
  );
  const none = await scene.run(["supervise", "--once", "--bottle", "othe"]);
  equal(none.code, 2);
  match(none.stderr, /No bottle "othe" runs\n.*did you mean other\?/);
});

Deno.test("supervise --show prints what the desk shows", async () => {
  using scene = new DeskScene();
  const { id } = scene.bottle("dev").propose();
  const { code, stdout } = await scene.run(["supervise", "--show", id.slice(0, 6)]);
  equal(code, 0);
  match(
    stdout,
    /\+ cdn\.example\.org\n[^]*every request to this host is allowed[^]*\n\+ {6}"host"/,
  );
  const json = JSON.parse((await scene.run(["supervise", "--show", id, "--json"])).stdout);
  equal(json.problem, null);
  ok(
    json.lines.some(({ kind, text }: Record<string, string>) =>
      kind === "added" && text!.includes("cdn.example.org")
    ),
  );
  equal((await scene.run(["supervise", "--show", "nothing"])).code, 2);
});

Deno.test("approve applies routes, says what changed, and the agent is told", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  const ticket = dev.propose();
  const { code, stderr } = await scene.run(["approve", ticket.id.slice(0, 7), "--reason", "go on"]);
  equal(code, 0);
  match(
    stderr,
    /Approved .*, routes of dev are applied\. The agent is told, with the reason\.\n.*added: cdn/,
  );
  deepEqual(await answerOf(ticket), { status: "approved", notes: "go on", finalFile: WIDER });
  equal(dev.live(), WIDER);
  const again = await scene.run(["approve", ticket.id]);
  equal(again.code, 4);
  match(again.stderr, /does not wait any more: approved\n.*hint: go on/);
  // The second proposal is as good as the first.
  const next = dev.propose({ proposedFile: routes({ host: "b.example.com" }) });
  const json = await scene.run(["approve", next.id, "--json"]);
  const { status, applied, told, changes } = JSON.parse(json.stdout);
  deepEqual([status, applied, told.status], ["approved", true, "approved"]);
  deepEqual(changes.map(({ host, kind }: Record<string, string>) => `${kind} ${host}`), [
    "added b.example.com",
    "removed api.example.com",
    "removed cdn.example.org",
  ]);
});

Deno.test("approve --file applies a file of the operator's own, and refuses one that is not valid", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  const ticket = dev.propose();
  const file = `${scene.scratch.project}/mine.yaml`;
  Deno.writeTextFileSync(file, "routes: [{host: mine.example.com, methods: [GET]}]\n");
  const broken = await scene.run(["approve", ticket.id, "--file", "mine.yaml"]);
  equal(broken.code, 3);
  match(broken.stderr, /Unknown key methods/);
  equal(dev.live(), LIVE);
  const absent = await scene.run(["approve", ticket.id, "--file", "absent.yaml"]);
  equal(absent.code, 2);
  match(absent.stderr, /Cannot read "absent\.yaml"/);
  Deno.writeTextFileSync(file, "routes: [{host: mine.example.com}]\n");
  const { code, stderr } = await scene.run(["approve", ticket.id, "--file", "mine.yaml"]);
  equal(code, 0);
  match(stderr, /Approved with changes/);
  equal((await ticket.answer).status, "modified");
  equal(dev.live(), routes({ host: "mine.example.com" }));
  const held = dev.propose(heldValue());
  const no = await scene.run(["approve", held.id, "--file", "mine.yaml"]);
  equal(no.code, 4);
  match(no.stderr, /egress-token-allow cannot be modified/);
});

Deno.test("what is held is approved with a reason only", async () => {
  using scene = new DeskScene();
  const ticket = scene.bottle("dev").propose(heldValue());
  for (const reason of [[], ["--reason", " "]]) {
    const { code, stderr } = await scene.run(["approve", ticket.id, ...reason]);
    equal(code, 2);
    match(stderr, /needs a reason\n.*give --reason TEXT/);
  }
  equal((await scene.run(["approve", ticket.id, "--reason", "test data"])).code, 0);
  deepEqual(await answerOf(ticket), { status: "approved", notes: "test data" });
});

Deno.test("reject changes nothing and tells why", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  const ticket = dev.propose();
  equal((await scene.run(["reject", ticket.id])).code, 2);
  const empty = await scene.run(["reject", ticket.id, "--reason", ""]);
  equal(empty.code, 2);
  match(empty.stderr, /Cannot reject without a reason/);
  const { code, stderr } = await scene.run(["reject", ticket.id, "--reason", "use the mirror"]);
  equal(code, 0);
  match(stderr, /Rejected .*\. The agent is told, with the reason\./);
  deepEqual(await answerOf(ticket), { status: "rejected", notes: "use the mirror" });
  equal(dev.live(), LIVE);
});

Deno.test("a stale proposal is approved with --stale only", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  const ticket = dev.propose();
  const now = routes({ host: "api.example.com" }, { host: "new.example.net" });
  dev.putLive(now);
  match((await scene.run(["supervise", "--once"])).stdout, / stale +/);
  const { code, stderr } = await scene.run(["approve", ticket.id]);
  equal(code, 4);
  match(stderr, /would undo what changed since\n.*supervise --show .*--stale/);
  equal(dev.live(), now);
  equal((await scene.run(["approve", ticket.id, "--stale"])).code, 0);
  equal(dev.live(), WIDER);
});

Deno.test("the beginning of an id has to mean one proposal", async () => {
  using scene = new DeskScene();
  const [one, two] = [scene.bottle("one"), scene.bottle("two")];
  // The same id in two bottles, as chance or a sidecar might have it.
  const { id } = one.propose();
  const text = Deno.readTextFileSync(queuePath(deskPath.queue(one.bottle), id, "proposal"));
  Deno.writeTextFileSync(
    queuePath(deskPath.queue(two.bottle), id, "proposal"),
    text.replace('"bottle_slug": "one"', '"bottle_slug": "two"'),
  );
  const { code, stderr } = await scene.run(["reject", id, "--reason", "no"]);
  equal(code, 2);
  match(stderr, /2 proposals begin with .*\n.*give more of the id, or --bottle: .*one.*two/);
  equal((await scene.run(["reject", id, "--reason", "no", "--bottle", "one"])).code, 0);
  for (const prefix of ["", "zzzzzzzz", "../../etc/passwd", "\x1b[2J"]) {
    const none = await scene.run(["approve", prefix]);
    equal(none.code, 2, prefix);
    match(none.stderr, /No proposal "/);
  }
});

Deno.test("supervise --undo takes back the last change, once", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  const ticket = dev.propose();
  equal((await scene.run(["supervise", "--undo", "dev"])).code, 4);
  await scene.run(["approve", ticket.id]);
  equal(dev.live(), WIDER);
  const { code, stderr } = await scene.run(["supervise", "--undo", "dev"]);
  equal(code, 0);
  match(stderr, new RegExp(`Undone: the routes of dev are as they were before ${ticket.id}`));
  equal(dev.live(), LIVE);
  const again = await scene.run(["supervise", "--undo", "dev"]);
  equal(again.code, 4);
  match(again.stderr, /no change of bottle dev is on record/);
  equal((await scene.run(["supervise", "--undo", "deb"])).code, 2);
});

for (
  const [what, keepOutcome, code, says] of [
    ["an answer that nobody takes is said to be on its way", false, 0, /has not passed it on yet/],
    ["an answer that comes too late is said to be", true, 4, /came too late: .*"withdrawn"/],
  ] as const
) {
  Deno.test(what, async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev");
    const { id } = dev.propose(heldValue());
    const queue = deskPath.queue(dev.bottle);
    const path = queuePath(queue, id, "proposal");
    const text = Deno.readTextFileSync(path);
    dev.queue[Symbol.dispose](); // the sidecar has ended
    Deno.writeTextFileSync(path, text);
    if (!keepOutcome) Deno.removeSync(queuePath(`${queue}/processed`, id, "outcome"));
    const first = await scene.run(["approve", id, "--reason", "test data"]);
    equal(first.code, code);
    match(first.stderr, says);
    const again = await scene.run(["approve", id, "--reason", "test data"]);
    equal(again.code, 4);
    match(again.stderr, /does not wait any more/);
  });
}

Deno.test("list says how many proposals wait", async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev");
  match((await scene.run(["list"])).stdout, /WAITING[^]*\ndev +running .* - +/);
  dev.propose();
  dev.propose(heldValue());
  const { stdout, stderr } = await scene.run(["list"]);
  match(stdout, /\ndev +running.* 2 +/);
  match(stderr, /2 proposals wait: bot-bottle supervise/);
  equal(JSON.parse((await scene.run(["list", "--json"])).stdout)[0].waiting, 2);
});

Deno.test("every help of the desk has an example", async () => {
  using scene = new DeskScene();
  for (
    const [command, example] of [
      ["supervise", "bot-bottle supervise --once"],
      ["approve", "bot-bottle approve k3m9x --reason"],
      ["reject", "bot-bottle reject k3m9x --reason"],
    ] as const
  ) {
    const { code, stdout } = await scene.run([command, "--help"]);
    equal(code, 0);
    ok(stdout.includes(example), stdout);
  }
});
