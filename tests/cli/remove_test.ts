import assert from "node:assert/strict";
import { Screen } from "./pty.ts";
import { LAUNCHER, Scratch, until } from "./support.ts";

function scene(): Scratch {
  const at = new Scratch();
  at.bottle("plain", "env: { MODE: plain }");
  at.agent("dev", "bottle: plain");
  return at;
}

async function keep(at: Scratch, label: string, script: string): Promise<void> {
  const { code, stderr } = await at.run(
    ["start", "dev", "--yes", "--label", label, "--prompt", script],
  );
  assert.equal(code, 0, stderr);
}

Deno.test("remove takes kept bottles away with everything of theirs, and no other", async () => {
  using at = scene();
  await keep(at, "one", "mkdir -p a/b; touch a/b/c; chmod 0 a/b a");
  await keep(at, "two", "true");
  const { code, stdout, stderr } = await at.run(["remove", "one", "--yes"]);
  assert.deepEqual([code, stdout], [0, ""], stderr);
  assert.match(stderr, /^BOTTLE +AGENT +STARTED[^]*^one +dev +20[^]*removed 1\n$/m);
  assert.deepEqual([at.names("state"), at.names("heads")], [["two"], ["two.json"]]);
  await keep(at, "one", "true");
  const fresh = await at.run(["audit", "verify", "one"]);
  assert.equal(fresh.code, 0, fresh.stdout);
});

Deno.test("remove removes nothing when one of the names is wrong, one runs, or nobody can be asked", async () => {
  using at = scene();
  await keep(at, "one", "true");
  const wrong = await at.run(["remove", "one", "onee", "--yes"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Cannot remove "onee": there is no such bottle[^]*did you mean one\?/);
  const unasked = await at.run(["remove", "one"]);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /Cannot confirm the removal[^]*--yes/);
  const running = at.start(
    ["start", "dev", "--yes", "--label", "two", "--prompt", "touch r; sleep 1000"],
  );
  assert.ok(await until(() => at.names("state/two/workspace").includes("r"), 60_000));
  const busy = await at.run(["remove", "one", "two", "--yes"]);
  running.kill("SIGTERM");
  await running.output();
  assert.equal(busy.code, 2);
  assert.match(busy.stderr, /Cannot remove "two": it is running/);
  assert.deepEqual(at.names("state"), ["one", "two"]);
});

Deno.test("remove leaves a bottle alone while a commit of it is being made", async () => {
  using at = scene();
  await keep(at, "one", "touch f");
  at.write("state/one/snapshots/lock", "");
  {
    using held = Deno.openSync(`${at.home}/state/one/snapshots/lock`, { write: true });
    held.lockSync(true);
    const { code, stderr } = await at.run(["remove", "one", "--yes"]);
    assert.equal(code, 2);
    assert.match(stderr, /Cannot remove "one": a commit of it is being made\n.*hint: wait for it/);
    assert.deepEqual(at.names("state/one/workspace"), ["f"]);
  }
  assert.equal((await at.run(["remove", "one", "--yes"])).code, 0);
  assert.deepEqual(at.names("state"), []);
});

Deno.test("remove that is cut off leaves nothing that looks whole", async () => {
  using at = scene();
  await keep(at, "one", "true");
  const many = `${at.home}/state/one/workspace/many`;
  Deno.mkdirSync(many);
  for (let n = 0; n < 20_000; n++) Deno.writeTextFileSync(`${many}/${n}`, "");
  const child = at.start(["remove", "one", "--yes"]);
  assert.ok(await until(() => !at.names("state/one").includes("home"), 60_000), "it removes");
  child.kill("SIGKILL");
  await child.output();
  const resumed = await at.run(["resume", "one", "--yes", "--prompt", "true"]);
  assert.equal(resumed.code, 2, resumed.stderr);
  assert.deepEqual(JSON.parse((await at.run(["list", "--json"])).stdout), []);
  assert.equal((await at.run(["cleanup", "--yes"])).code, 0);
  assert.deepEqual(at.names("state"), []);
});

Deno.test("remove asks first, and takes only a yes for one", async () => {
  using at = scene();
  await keep(at, "one", "true");
  for (const [answer, code, left] of [["\r", 1, ["one"]], ["y\r", 0, []]] as const) {
    using screen = new Screen(LAUNCHER, ["remove", "one"], {
      cwd: at.project,
      env: { ...at.env(), TERM: "xterm-256color" },
      cols: 80,
      rows: 24,
    });
    await screen.shows(/This bottle will be gone for good\. Remove\? \[y\/N\]/);
    screen.type(answer);
    assert.equal(await screen.ended(), code);
    assert.deepEqual(at.names("state"), left);
  }
});

Deno.test("remove --set-aside takes what a start from a commit replaced, and leaves the bottle", async () => {
  using at = scene();
  const running = at.start(
    ["start", "dev", "--yes", "--label", "box", "--prompt", "touch r; sleep 1000"],
  );
  assert.ok(await until(() => at.names("state/box/workspace").includes("r"), 60_000));
  assert.equal((await at.run(["commit", "box"])).code, 0);
  running.kill("SIGTERM");
  await running.output();
  assert.equal((await at.run(["resume", "box", "--yes", "--prompt", "true"])).code, 0);
  const snapshots = () => at.names("state/box/snapshots").map((name) => name.split("-")[0]);
  assert.ok(snapshots().includes("before"));
  const { code, stderr } = await at.run(["remove", "box", "--set-aside", "--yes"]);
  assert.equal(code, 0, stderr);
  assert.ok(!snapshots().includes("before"));
  assert.ok(snapshots().includes("commit"));
  assert.match(
    (await at.run(["remove", "box", "--set-aside", "--yes"])).stderr,
    /nothing was set aside/,
  );
  assert.deepEqual(at.names("state"), ["box"]);
});
