import { deepEqual, equal, match, ok } from "node:assert/strict";
import { deskPath } from "../../supervise/bottle_desk.ts";
import { LIVE, routes } from "../../supervise/test_fixture.ts";
import { until } from "../cli/support.ts";
import { answerOf, DeskScene, heldValue } from "./scene.ts";
import { looksLike } from "./snapshot.ts";

// The pty library keeps its own handles until the process ends.
const options = { sanitizeOps: false, sanitizeResources: false };
const WIDER = routes({ host: "api.example.com" }, { host: "cdn.example.org" });

/** An editor: a script of the shell that is given the file. */
function editor(scene: DeskScene, script: string): { EDITOR: string; VISUAL: string } {
  const path = `${scene.scratch.root}/editor`;
  // It tells that it began: what the screen shows may be from before.
  Deno.writeTextFileSync(path, `#!/bin/sh\necho >> '${path}.began'\n${script}\n`, { mode: 0o755 });
  // With an argument, as people have them.
  return { EDITOR: `${path} --wait`, VISUAL: "" };
}

/** How many times the editor began. */
function begun(scene: DeskScene): number {
  try {
    return Deno.readTextFileSync(`${scene.scratch.root}/editor.began`).length;
  } catch {
    return 0;
  }
}

Deno.test("the desk approves, rejects, and undoes what it did", options, async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev-k3x9a");
  const first = dev.propose();
  const second = dev.propose(heldValue());
  const screen = scene.desk();
  await screen.shows(/2 waiting/);
  screen.type("\r");
  await screen.shows(/\+ cdn\.example\.org[^]*every request to this host is allowed/);
  screen.type("a");
  await screen.shows(/Approved .* are applied\. The agent is told\./);
  deepEqual(await answerOf(first), { status: "approved", notes: "", finalFile: WIDER });
  equal(dev.live(), WIDER);
  screen.type("r");
  await screen.shows(/Facts:/);
  screen.type("r");
  await screen.shows(/Why not\?/);
  screen.type("\r");
  await screen.shows(/A reason is needed/);
  screen.type("use the test key\r");
  await screen.shows(/Rejected .* Whoever asked is told, with the reason\./);
  deepEqual(await answerOf(second), { status: "rejected", notes: "use the test key" });
  screen.type("u");
  await looksLike(screen, "undo_80x24", /-cdn\.example\.org\)\? y\/n/, [first.id]);
  screen.type("y");
  await screen.shows(/Undone: routes of dev-k3x9a/);
  equal(dev.live(), LIVE);
  screen.type("u");
  await screen.shows(/There is no change to undo/);
  screen.type("q");
  equal(await screen.ended(), 0);
});

Deno.test("a file goes through $EDITOR, is shown, and only then applied", options, async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev-k3x9a");
  const { id, answer } = dev.propose();
  const screen = scene.desk(
    undefined,
    editor(
      scene,
      `stty -a | grep -q ' echo ' && echo "the terminal is in order"
ls -l "$2" | cut -c 1-10; read -r line; sed -i 's/cdn/static/' "$2"`,
    ),
  );
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await screen.shows(/Live routes → proposed/);
  screen.type("m");
  await screen.shows(/the terminal is in order\n-rw-------/);
  // What is typed now is the editor's.
  screen.type("a q\r");
  await looksLike(screen, "edited_80x24", /This is your file: a applies it/, [id]);
  equal(dev.live(), LIVE);
  deepEqual([...Deno.readDirSync(`${scene.home}/edit`)], []);
  screen.type("a");
  await screen.shows(/Approved with changes/);
  const wanted = WIDER.replace("cdn", "static");
  equal((await answer).status, "modified");
  equal((await answer).finalFile, wanted);
  equal(dev.live(), wanted);
  screen.type("q");
  equal(await screen.ended(), 0);
});

for (
  const [what, script, says] of [
    ["fails", "exit 3", /Nothing was applied: the editor ended with code 3/],
    [
      "is not there",
      "exec /no/such/editor",
      /Nothing was applied: the editor ended with code 12[67]/,
    ],
    ["is killed", "kill -9 $$", /Nothing was applied: the editor ended with code 137/],
    ["changes nothing", "true", /Nothing was changed, nothing is applied/],
    ["removes the file", 'rm "$2"', /Nothing was applied: .*No such file/],
    ["leaves what is no routes file", 'echo "routes: [" > "$2"', /Your file is not valid/],
    [
      "leaves a credential that the bottle has not",
      `printf 'routes:\\n  - host: a.example.com\\n    auth: {scheme: Bearer, token_ref: EGRESS_TOKEN_7}\\n' > "$2"`,
      /Your file is not valid/,
    ],
  ] as const
) {
  Deno.test(`nothing is applied when the editor ${what}`, options, async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev-k3x9a");
    dev.propose();
    const screen = scene.desk(undefined, editor(scene, script));
    await screen.shows(/1 waiting/);
    screen.type("\r");
    await screen.shows(/Live routes → proposed/);
    for (let round = 0; round < 2; round++) {
      // The operator's own file is edited further: the second time the editor leaves it as it was.
      const expected = round === 1 && says.source.startsWith("Your file")
        ? /Nothing was changed/
        : says;
      screen.type("m");
      ok(await until(() => begun(scene) === round + 1, 30_000));
      await screen.shows(expected);
      // What is said goes with the next key, so that the second round shows its own.
      screen.type("g");
      ok(await until(() => !expected.test(screen.text())));
    }
    equal(dev.live(), LIVE);
    equal(dev.queue.pending, 1);
    screen.type("\x03");
    equal(await screen.ended(), 130);
    deepEqual([...Deno.readDirSync(`${scene.home}/edit`)], []);
  });
}

Deno.test(
  "a file that is not valid cannot be approved, and is edited further",
  options,
  async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev-k3x9a");
    dev.propose();
    const screen = scene.desk(
      undefined,
      editor(
        scene,
        `if grep -q broken "$2"; then echo 'routes: [{host: b.example.com}]' > "$2"
else echo 'routes: [broken' > "$2"; fi`,
      ),
    );
    await screen.shows(/1 waiting/);
    screen.type("\r");
    await screen.shows(/Live routes → proposed/);
    screen.type("m");
    await screen.shows(/cannot be applied as it stands[^]*Your file is not valid/);
    screen.type("a");
    await screen.shows(/It cannot be applied as it stands: m or r/);
    screen.type("m");
    await screen.shows(/\+ b\.example\.com[^]*This is your file/);
    screen.type("a");
    await screen.shows(/Approved with changes/);
    ok(dev.live().includes("b.example.com"));
    screen.type("q");
    equal(await screen.ended(), 0);
  },
);

Deno.test("a held request cannot be modified", options, async () => {
  using scene = new DeskScene();
  scene.bottle("dev-k3x9a").propose(heldValue());
  const screen = scene.desk();
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await screen.shows(/Facts:/);
  screen.type("m");
  await screen.shows(/It cannot be modified: it changes no file/);
  screen.type("qq");
  equal(await screen.ended(), 0);
});

Deno.test(
  "a proposal that disappears while it is open says what became of it",
  options,
  async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev-k3x9a");
    const stop = new AbortController();
    const gone = dev.queue.ask({ ...heldValue() as Parameters<typeof dev.queue.ask>[0] }, {
      timeout: 60_000,
      signal: stop.signal,
    });
    const screen = scene.desk();
    await screen.shows(/1 waiting/);
    screen.type("\r");
    await screen.shows(/Facts:/);
    screen.type("r");
    await screen.shows(/Why not\?/);
    stop.abort();
    const { id } = await gone;
    await looksLike(screen, "disappeared_80x24", /does not wait any more: .*withdrawn/, [id!]);
    screen.type("a");
    await screen.shows(/does not wait any more/);
    screen.type("q");
    await screen.shows(/nothing waits/);
    // The same when another desk answers.
    const next = dev.propose();
    await screen.shows(/1 waiting/);
    screen.type("\r");
    await screen.shows(/Live routes → proposed/);
    equal((await scene.run(["reject", next.id, "--reason", "not that one"])).code, 0);
    await screen.shows(/does not wait any more: .* was rejected: not that one/);
    screen.type("qq");
    equal(await screen.ended(), 0);
  },
);

Deno.test("what changes while it is looked at has to be looked at again", options, async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev-k3x9a");
  const { id, answer } = dev.propose();
  const screen = scene.desk();
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await screen.shows(/Live routes → proposed/);
  dev.putLive(routes({ host: "api.example.com" }, { host: "new.example.net" }));
  await looksLike(screen, "stale_80x24", /- new\.example\.net[^]*It changed while it was open/, [
    id,
  ]);
  screen.type("a");
  await screen.shows(/Stale: made against other live routes; a again\s+approves all the same/);
  ok(dev.live().includes("new.example.net"));
  screen.type("a");
  await screen.shows(/Approved/);
  equal((await answer).status, "approved");
  ok(!dev.live().includes("new.example.net"));
  screen.type("q");
  equal(await screen.ended(), 0);
});

Deno.test("an apply that fails leaves the proposal waiting and says why", options, async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev-k3x9a");
  const { id } = dev.propose({
    proposedFile: routes({
      host: "cdn.example.org",
      matches: [1, 2, 3].map((n) => ({
        paths: [{ type: "exact", value: `/${n}${"-long".repeat(400)}` }],
      })),
    }),
  });
  equal((await scene.run(["--version"])).code, 0); // whatever has to be built is built by now
  // No file of this process grows over 4 KiB, as on a disk that is all but full.
  const screen = scene.script(`trap '' XFSZ; ulimit -f 8; exec "$0" supervise`);
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await screen.shows(/Changes:/);
  for (let page = 0; page < 8; page++) screen.type(" ");
  screen.type("a");
  await screen.shows(/Cannot apply routes to bottle dev-k3x9a: .*[Ff]ile too large/);
  equal(dev.live(), LIVE);
  equal(dev.queue.pending, 1);
  match(screen.text(), new RegExp(id));
  screen.type("qq");
  equal(await screen.ended(), 0);
  // The same proposal is approved once there is room.
  equal((await scene.run(["approve", id])).code, 0);
  ok(dev.live().includes("cdn.example.org"));
});

Deno.test("an answer that cannot be recorded is not given", options, async () => {
  using scene = new DeskScene();
  const dev = scene.bottle("dev-k3x9a");
  dev.propose();
  Deno.mkdirSync(deskPath.events(dev.bottle), { recursive: true });
  const screen = scene.desk();
  await screen.shows(/1 waiting/);
  screen.type("\r");
  await screen.shows(/Live routes → proposed/);
  screen.type("a");
  await screen.shows(/[Dd]irectory/);
  equal(dev.live(), LIVE);
  equal(dev.queue.pending, 1);
  screen.type("qq");
  equal(await screen.ended(), 0);
});

Deno.test(
  "two desks at once: each shows what the other did, and nothing is answered twice",
  options,
  async () => {
    using scene = new DeskScene();
    const dev = scene.bottle("dev-k3x9a");
    const { answer, id } = dev.propose();
    const desks = [scene.desk(), scene.desk()];
    for (const desk of desks) {
      await desk.shows(/1 waiting/);
      desk.type("\r");
      await desk.shows(/Live routes → proposed/);
    }
    for (const desk of desks) desk.type("a");
    equal((await answer).status, "approved");
    await desks[0]!.shows(/Approved|does not wait any more/);
    await desks[1]!.shows(/Approved|does not wait any more/);
    const said = desks.map((desk) => /Approved /.test(desk.text()));
    equal(said.filter(Boolean).length, 1, desks.map((desk) => desk.text()).join("\n"));
    equal(Deno.readTextFileSync(deskPath.generation(dev.bottle)).trim(), "2");
    const events = Deno.readTextFileSync(deskPath.events(dev.bottle)).trim().split("\n");
    equal(
      events.filter((line) => line.includes(id) && line.includes("proposal_decided")).length,
      1,
    );
    for (const desk of desks) {
      desk.type("qq");
      await desk.ended();
    }
  },
);

Deno.test(
  "200 proposals flood in, and the desk answers keys and shows the last",
  options,
  async () => {
    using scene = new DeskScene();
    const bottles = Array.from({ length: 8 }, (_, n) => scene.bottle(`flood-${n}`));
    const screen = scene.desk();
    await screen.shows(/8 bottles run/);
    const tickets = Array.from({ length: 200 }, (_, n) =>
      bottles[n % 8]!.propose(
        n % 2 === 0 ? heldValue() : { proposedFile: routes({ host: `h${n}.example.com` }) },
      ));
    screen.type("jjk");
    await screen.shows(/200 waiting, 8 bottles run/);
    screen.type("G");
    await screen.shows(new RegExp(`> ${tickets[199]!.id}`));
    screen.type("g\r");
    await screen.shows(/Facts:/);
    screen.type("a");
    await screen.shows(/Why may/);
    screen.type("flood\r");
    equal((await tickets[0]!.answer).status, "approved");
    await screen.shows(/199 waiting/);
    for (const bottle of bottles) {
      bottle[Symbol.dispose]();
    }
    await screen.shows(/nothing waits, 0 bottles run/);
    screen.type("q");
    equal(await screen.ended(), 0);
  },
);
