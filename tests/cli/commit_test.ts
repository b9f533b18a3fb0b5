/** Keeping a running bottle's files, with provider `command`: the shell does what it is told. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "./pty.ts";
import { LAUNCHER, processesNaming, Scratch, until } from "./support.ts";

function scene(): Scratch {
  const at = new Scratch();
  at.bottle("plain", "env: { MODE: plain }");
  at.agent("dev", "bottle: plain");
  return at;
}

/** A bottle whose agent has done `script` and waits; disposal ends it as an operator would. */
async function running(at: Scratch, label: string, script: string): Promise<AsyncDisposable> {
  const child = at.start([
    ...["start", "dev", "--yes", "--label", label, "--prompt"],
    `${script}; touch ready; sleep 1000`,
  ]);
  const ready = await until(() => at.names(`state/${label}/workspace`).includes("ready"), 60_000);
  assert.ok(ready, "the agent is at work");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.output();
    },
  };
}

const resume = (at: Scratch, prompt: string, ...more: string[]) =>
  at.run(["resume", "box", "--yes", "--prompt", prompt, ...more]);
const snapshots = (at: Scratch, kind: string) =>
  at.names("state/box/snapshots").filter((name) => name.startsWith(kind));

Deno.test("commit keeps the files of the bottle that runs, the next resume starts from them, and nothing is lost", async () => {
  using at = scene();
  {
    await using _box = await running(at, "box", "echo one > f; echo mine > ~/g");
    const { code, stdout, stderr } = await at.run(["commit"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${at.home}/state/box/snapshots/${snapshots(at, "commit")[0]}\n`);
    assert.match(stderr, /committed box: 3 files and folders[^]*next bot-bottle resume box starts/);
    Deno.writeTextFileSync(join(at.home, "state/box/workspace/f"), "two\n");
  }
  const first = await resume(at, "cat f ~/g; echo three > f");
  assert.deepEqual([first.code, first.stdout], [0, "one\nmine\n"], first.stderr);
  assert.match(first.stderr, /starts from the commit of .* UTC \(just now\)/);
  const [before] = snapshots(at, "before");
  assert.ok(
    first.stderr.includes(`what was there is kept in ${at.home}/state/box/snapshots/${before}`),
  );
  assert.equal(
    Deno.readTextFileSync(join(at.home, "state/box/snapshots", before!, "workspace/f")),
    "two\n",
  );
  const second = await resume(at, "cat f");
  assert.equal(second.stdout, "three\n", "a commit is started from once");
  const back = await resume(at, "cat f", "--from", "before");
  assert.equal(back.stdout, "two\n");
  const again = await resume(at, "cat f", "--from", "before");
  assert.equal(again.stdout, "three\n", "taking back can be taken back");
  const commit = await resume(at, "cat f", "--from", "commit");
  assert.equal(commit.stdout, "one\n");
  assert.equal(snapshots(at, "commit").length, 1);
  const { code, stdout } = await at.run(["audit", "verify", "box"]);
  assert.equal(code, 0, stdout);
  assert.match((await at.run(["logs", "box"])).stdout, / committed entries=3 /);
});

Deno.test("resume --from end goes on with what is newer than the commit, also the next time", async () => {
  using at = scene();
  {
    await using _box = await running(at, "box", "echo one > f");
    assert.equal((await at.run(["commit", "box"])).code, 0);
    Deno.writeTextFileSync(join(at.home, "state/box/workspace/f"), "two\n");
  }
  for (const more of [["--from", "end"], []]) {
    assert.equal((await resume(at, "cat f", ...more)).stdout, "two\n");
  }
  assert.deepEqual([snapshots(at, "before"), snapshots(at, "commit").length], [[], 1]);
});

Deno.test("a newer commit takes the former's place, is listed, and holds neither credentials nor sockets", async () => {
  using at = scene();
  at.bottle(
    "plain",
    "egress:\n  routes:\n    - host: api.example.com\n      auth: {scheme: Bearer, token_ref: API_TOKEN}",
  );
  const token = `tok-${crypto.randomUUID()}`;
  const box = at.start([
    ...["start", "dev", "--yes", "--label", "box", "--prompt"],
    "env > environment; mkdir ~/.ssh ~/.cache; echo k > ~/.ssh/key; mkfifo p; touch ready; sleep 1000",
  ], { API_TOKEN: token });
  assert.ok(await until(() => at.names("state/box/workspace").includes("ready"), 60_000));
  const list = async () => JSON.parse((await at.run(["list", "--json"])).stdout)[0].committed;
  assert.equal(await list(), null);
  const [first, second] = [await at.run(["commit", "--json"]), await at.run(["commit", "--json"])]
    .map(({ stdout }) => JSON.parse(stdout));
  assert.deepEqual(first.left_out, [".cache", ".ssh"]);
  assert.ok(first.taken < second.taken);
  assert.deepEqual(at.names("state/box/snapshots"), [second.folder.split("/").at(-1), "lock"]);
  assert.equal(await list(), second.taken);
  assert.match((await at.run(["list"])).stdout, new RegExp(`^box .* ${second.taken}$`, "m"));
  const found = await new Deno.Command("/bin/sh", {
    args: ["-c", `find . -type f -o -type p | sort; grep -rF '${token}' . && echo leaked; :`],
    cwd: second.folder,
  }).output();
  assert.equal(
    new TextDecoder().decode(found.stdout),
    "./workspace/environment\n./workspace/ready\n",
  );
  box.kill("SIGTERM");
  await box.output();
});

Deno.test("commit names what is missing: no bottle, several, one that ended, one that is not kept", async () => {
  using at = scene();
  const none = await at.run(["commit"]);
  assert.deepEqual([none.code, /no bottle runs/.test(none.stderr)], [2, true]);
  {
    await using _one = await running(at, "box", ":");
    await using _two = await running(at, "other", ":");
    const several = await at.run(["commit"]);
    assert.equal(several.code, 2);
    assert.match(several.stderr, /choose between 2 bottles that run[^]*hint: give SLUG/);
    const misspelt = await at.run(["commit", "othr"]);
    assert.equal(misspelt.code, 2);
    assert.match(misspelt.stderr, /there is no such bottle\n.*did you mean other\?/);
    assert.equal((await at.run(["commit", "other"])).code, 0);
    using held = Deno.openSync(join(at.home, "state/other/snapshots/lock"), { write: true });
    held.lockSync(true);
    assert.match((await at.run(["commit", "other"])).stderr, /another commit of it is being made/);
  }
  const ended = await at.run(["commit", "box"]);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /it does not run\n.*bot-bottle resume box/);
  const child = at.start(["run", "--", "sh", "-c", "touch ready; sleep 1000"]);
  const slug = () => at.names("state").find((name) => name.startsWith("run-")) ?? "none";
  assert.ok(await until(() => at.names(`state/${slug()}/workspace`).includes("ready"), 60_000));
  const unkept = await at.run(["commit"]);
  assert.equal(unkept.code, 2);
  assert.match(unkept.stderr, /nothing of it is kept when its command ends/);
  child.kill("SIGTERM");
  await child.output();
});

Deno.test("a commit that is ended half-way leaves the former one, and says what to do", async (t) => {
  using at = scene();
  const box = await running(at, "box", "echo one > f");
  assert.equal((await at.run(["commit"])).code, 0);
  const [former] = snapshots(at, "commit");
  // So many that a copy takes long enough to be seen; the host writes them for the agent.
  const many = join(at.home, "state/box/workspace/many");
  Deno.mkdirSync(many);
  for (let n = 0; n < 5000; n++) Deno.writeTextFileSync(join(many, String(n)), "x");
  const part = () => snapshots(at, "commit").some((name) => name.endsWith(".part"));

  await t.step("SIGINT: 130, and the part is gone", async () => {
    const child = at.start(["commit"]);
    assert.ok(await until(part, 60_000), "it copies");
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assert.equal(code, 130);
    assert.match(new TextDecoder().decode(stderr), /Cannot commit "box": it was interrupted/);
    assert.deepEqual(snapshots(at, "commit"), [former]);
  });

  await t.step("SIGKILL: cleanup finds the part, and so does the next commit", async () => {
    const child = at.start(["commit"]);
    assert.ok(await until(part, 60_000), "it copies");
    assert.deepEqual(
      JSON.parse((await at.run(["cleanup", "--json"])).stdout),
      [],
      "one that is being made is nobody's leftover",
    );
    child.kill("SIGKILL");
    await child.output();
    assert.ok(
      await until(() => processesNaming(`${at.home}/state/box/snapshots`).length === 0),
      "cp is gone",
    );
    assert.ok(part() || snapshots(at, "commit")[0] !== former, "it was not at its end yet");
    assert.equal(JSON.parse((await at.run(["list", "--json"])).stdout)[0].slug, "box");
    const listed = JSON.parse((await at.run(["cleanup", "--json"])).stdout);
    assert.match(listed[0].what, /snapshots\/commit-.*\.part$/);
    assert.equal((await at.run(["cleanup", "--yes"])).code, 0);
    assert.deepEqual(snapshots(at, "commit"), [former]);
    assert.equal((await at.run(["commit"])).code, 0);
    assert.equal(snapshots(at, "commit").length, 1);
    assert.notEqual(snapshots(at, "commit")[0], former);
  });
  await box[Symbol.asyncDispose]();

  await t.step("SIGINT to a start from it: 130, and the files are as they were", async () => {
    Deno.writeTextFileSync(join(at.home, "state/box/workspace/f"), "two\n");
    const child = at.start(["resume", "box", "--yes", "--prompt", "true"]);
    assert.ok(await until(() => snapshots(at, "incoming").length > 0, 60_000), "it copies");
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assert.equal(code, 130, new TextDecoder().decode(stderr));
    assert.deepEqual([snapshots(at, "incoming"), snapshots(at, "before")], [[], []]);
    assert.equal((await resume(at, "cat f", "--from", "end")).stdout, "two\n");
  });
});

Deno.test("a start from a commit that was killed between two renames is taken up by the next", async () => {
  using at = scene();
  {
    await using _box = await running(at, "box", "echo one > f; echo one > ~/g");
    assert.equal((await at.run(["commit"])).code, 0);
    Deno.writeTextFileSync(join(at.home, "state/box/workspace/f"), "two\n");
  }
  // What a host leaves that is killed after it has moved the home and before it moves the workspace.
  const folder = join(at.home, "state/box/snapshots");
  const [commit] = snapshots(at, "commit");
  const time = commit!.slice("commit-".length);
  await new Deno.Command("cp", {
    args: ["-a", join(folder, commit!), join(folder, `incoming-${time}`)],
  }).output();
  Deno.mkdirSync(join(folder, `before-${time}`), { mode: 0o700 });
  Deno.renameSync(join(at.home, "state/box/home"), join(folder, `before-${time}/home`));
  Deno.renameSync(join(folder, `incoming-${time}/home`), join(at.home, "state/box/home"));
  const { stdout, stderr } = await resume(at, "cat f ~/g", "--from", "end");
  assert.equal(stdout, "one\none\n", stderr);
  assert.deepEqual(at.names(`state/box/snapshots/before-${time}`), ["home", "workspace"]);
  assert.equal(Deno.readTextFileSync(join(folder, `before-${time}/workspace/f`)), "two\n");
  assert.deepEqual(snapshots(at, "incoming"), []);
});

Deno.test("on a terminal commit lets one of several be picked, and resume one that is kept, the newest first", async () => {
  using at = scene();
  const screen = (...args: string[]) =>
    new Screen(LAUNCHER, args, {
      cwd: at.project,
      env: { ...at.env(), TERM: "xterm-256color" },
      cols: 90,
      rows: 24,
    });
  {
    await using _one = await running(at, "box", "echo box > name");
    await using _two = await running(at, "other", "echo other > name");
    using picker = screen("commit");
    await picker.shows(/Commit which bottle\?[^]*box[^]*other/);
    picker.type("oth");
    await picker.shows(/other/);
    picker.type("\r");
    await picker.shows(/committed other: /);
    assert.equal(await picker.ended(), 0);
  }
  using resumed = screen("resume", "--from", "end");
  await resumed.shows(/Resume which bottle\?[^]*other[^]*box/);
  resumed.type("\r");
  await resumed.shows(/its commit is passed over[^]*Resume other\? \[y\/N\]/);
  resumed.type("y\r");
  await resumed.shows(/other:\/workspace\$ ?$/);
  resumed.type("cat name; exit\r");
  await resumed.shows(/^other$/m);
  assert.equal(await resumed.ended(), 0);
});

Deno.test("a start that takes a commit and then fails has taken it: the next one goes on from there", async () => {
  using at = scene();
  {
    await using _box = await running(at, "box", "echo one > f");
    assert.equal((await at.run(["commit"])).code, 0);
    Deno.writeTextFileSync(join(at.home, "state/box/workspace/f"), "two\n");
  }
  at.write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  at.bottle("plain", `egress:\n  upstream_ca: ${join(at.home, "bad.pem")}`);
  assert.equal((await resume(at, "cat f")).code, 125);
  at.bottle("plain", "env: { MODE: plain }");
  assert.equal((await resume(at, "cat f")).stdout, "one\n");
  assert.equal(snapshots(at, "before").length, 1);
  assert.equal((await resume(at, "cat f", "--from", "before")).stdout, "two\n");
});

Deno.test("cleanup removes a dead bottle together with its commit and what was set aside", async () => {
  using at = scene();
  {
    await using _box = await running(at, "box", "mkdir -p a/b; echo x > a/b/f; chmod 0 a/b a");
    assert.equal((await at.run(["commit"])).code, 0);
  }
  assert.equal((await resume(at, "ls")).stdout, "a\nready\n");
  assert.deepEqual([snapshots(at, "commit").length, snapshots(at, "before").length], [1, 1]);
  assert.match((await at.run(["cleanup"])).stderr, /nothing is left over/);
  Deno.removeSync(join(at.home, "state/box/bottle.json"));
  assert.equal((await at.run(["cleanup", "--yes"])).code, 0);
  assert.deepEqual(at.names("state"), []);
});
