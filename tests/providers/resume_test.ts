/** Going on with a bottle, with provider `command`: the shell does what it is told, and needs no packages. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "../cli/pty.ts";
import { LAUNCHER, processesNaming, Scratch, until } from "../cli/support.ts";

function scene(): Scratch {
  const at = new Scratch();
  at.bottle("plain", "env: { MODE: plain }");
  at.bottle("other", "env: { MODE: other }");
  at.agent("dev", "bottle: plain");
  return at;
}

const start = (at: Scratch, prompt: string, ...more: string[]) =>
  at.run(["start", "dev", "--yes", "--label", "box", "--prompt", prompt, ...more]);
const resume = (at: Scratch, prompt: string, ...more: string[]) =>
  at.run(["resume", "box", "--yes", "--prompt", prompt, ...more]);

Deno.test("resume finds home and workspace as they were, again and again, and passes the exit code on", async () => {
  using at = scene();
  assert.equal((await start(at, "echo one > /workspace/f; echo two > ~/g; exit 3")).code, 3);
  for (let turn = 0; turn < 2; turn++) {
    const { code, stdout } = await resume(at, "cat /workspace/f ~/g; exit 4");
    assert.deepEqual([code, stdout], [4, "one\ntwo\n"]);
  }
  const { code, stdout } = await at.run(["audit", "verify", "box"]);
  assert.equal(code, 0, stdout);
});

Deno.test("resume takes the bottles that were picked, and reads their manifests anew", async () => {
  using at = scene();
  await start(at, "true", "--bottle", "other");
  assert.equal((await resume(at, "echo $MODE")).stdout, "other\n");
  at.bottle("other", "env: { MODE: changed }");
  assert.equal((await resume(at, "echo $MODE")).stdout, "changed\n");
  assert.equal((await resume(at, "echo $MODE", "--env", "MODE=given")).stdout, "given\n");
});

Deno.test("resume finds an agent of the folder that the bottle was started from", async () => {
  using at = scene();
  const folder = join(at.project, ".bot-bottle/agents");
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(join(folder, "local.md"), "---\nbottle: plain\n---\nBe brief.\n");
  await at.run(["start", "local", "--yes", "--label", "box", "--prompt", "echo one > f"]);
  const elsewhere = join(at.root, "elsewhere");
  Deno.mkdirSync(elsewhere);
  Deno.renameSync(at.project, join(at.root, "kept"));
  Deno.symlinkSync(elsewhere, at.project);
  assert.equal((await resume(at, "cat f")).code, 3, "the agent's folder is gone");
  Deno.removeSync(at.project);
  Deno.renameSync(join(at.root, "kept"), at.project);
  assert.equal((await resume(at, "cat f")).stdout, "one\n");
});

Deno.test("resume goes on after a reboot: no process, no socket, no folder of the moment is left", async () => {
  using at = scene();
  const child = at.start(
    ["start", "dev", "--yes", "--label", "box", "--prompt", "echo one > f; sleep 1000"],
  );
  const file = join("state/box/workspace");
  assert.ok(await until(() => at.names(file).includes("f"), 30_000), "the command has begun");
  child.kill("SIGKILL");
  await child.output();
  const state = join(at.home, "state");
  assert.ok(await until(() => processesNaming(state).length === 0), "the bottle is gone");
  for (const name of ["run", "tmp", "deno", "heads"]) {
    await Deno.remove(join(at.home, name), { recursive: true }).catch(() => {});
  }
  const { code, stdout, stderr } = await resume(at, "cat f");
  assert.deepEqual([code, stdout], [0, "one\n"], stderr);
});

Deno.test("resume writes nothing of the host's through a link that the agent left", async () => {
  using at = scene();
  const target = join(at.root, "target");
  Deno.writeTextFileSync(target, "untouched\n");
  await start(at, `rm -rf ~/* ~/.[a-z]*; ln -s ${target} ~/.gitconfig; ln -s ${target} ~/.bashrc`);
  assert.equal((await resume(at, "true")).code, 0);
  assert.equal(Deno.readTextFileSync(target), "untouched\n");
});

Deno.test("resume refuses a bottle that runs, is unknown, or had no agent, and says what to do", async () => {
  using at = scene();
  const child = at.start(
    ["start", "dev", "--yes", "--label", "box", "--prompt", "echo one > f; sleep 1000"],
  );
  assert.ok(await until(() => at.names("state/box/workspace").includes("f"), 30_000));
  const running = await resume(at, "true");
  assert.equal(running.code, 2);
  assert.match(running.stderr, /Cannot resume "box": it is running/);
  child.kill("SIGTERM");
  await child.output();
  const misspelt = await at.run(["resume", "bos", "--yes"]);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.stderr, /there is no such bottle\n.*did you mean box\?/);
  await at.run(["run", "--keep", "--", "true"]);
  const other = at.names("state").find((name) => name !== "box")!;
  const command = await at.run(["resume", other, "--yes"]);
  assert.equal(command.code, 2);
  assert.match(command.stderr, /it ran a command, no agent/);
  const asked = await at.run(["resume", "box"]);
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /no terminal to ask on[^]*give --yes/);
});

Deno.test("resume refuses a bottle whose agent has another provider now: its files are not in the home", async () => {
  using at = scene();
  await start(at, "true");
  at.bottle("plain", "agent_provider: { template: claude, auth_token: TOKEN }");
  const { code, stderr } = await at.run(["resume", "box", "--yes", "--prompt", "x"], {
    TOKEN: "tok",
  });
  assert.equal(code, 2);
  assert.match(stderr, /it was started with provider command, and is claude now/);
});

Deno.test("resume goes on after the agent crashed, also by a signal", async () => {
  using at = scene();
  const crashed = await start(at, "echo one > f; echo two > ~/g; kill -KILL $$");
  assert.equal(crashed.code, 137, crashed.stderr);
  assert.deepEqual((await resume(at, "cat f ~/g; kill -SEGV $$")).code, 139);
  assert.equal((await resume(at, "cat f ~/g")).stdout, "one\ntwo\n");
});

Deno.test("resume goes on after a reboot that left records of processes that are others' now", async () => {
  using at = scene();
  await start(at, "echo one > f");
  const state = join(at.home, "state/box");
  // The number is in use, by a process that started at another time.
  const host = { pid: Deno.pid, start: "1" };
  const record = { backend: "bubblewrap", slug: "box", host, cgroups: ["/sys/fs/cgroup/gone/x"] };
  Deno.writeTextFileSync(join(state, "run.json"), JSON.stringify(record));
  for (const [folder, file] of [["walls", "deno"], ["sidecar/config", "ca_key.pem"]]) {
    Deno.mkdirSync(join(state, folder!), { recursive: true });
    Deno.writeTextFileSync(join(state, folder!, file!), "old");
  }
  Deno.mkdirSync(join(at.home, "run/box"), { recursive: true, mode: 0o700 });
  Deno.writeTextFileSync(join(at.home, "run/box/egress.sock"), "");
  const { code, stdout, stderr } = await resume(at, "cat f");
  assert.deepEqual([code, stdout], [0, "one\n"], stderr);
  assert.deepEqual(at.names("state/box").includes("run.json"), false);
});

Deno.test("of two resumes at once one goes on, and the other is refused", async () => {
  using at = scene();
  await start(at, "true");
  const script = "echo x >> turns; touch ready; while [ ! -e stop ]; do sleep 0.05; done";
  const both = [1, 2].map(() =>
    at.start(["resume", "box", "--yes", "--prompt", script]).output().then(({ code, stderr }) => {
      // Whoever ends first was refused: the other may go.
      Deno.writeTextFileSync(join(at.home, "state/box/workspace/stop"), "");
      return { code, stderr: new TextDecoder().decode(stderr) };
    })
  );
  const ended = (await Promise.all(both)).sort((a, b) => a.code - b.code);
  assert.deepEqual(ended.map(({ code }) => code), [0, 2], JSON.stringify(ended));
  assert.match(ended[1]!.stderr, /box.*: it is running/);
  assert.equal(Deno.readTextFileSync(join(at.home, "state/box/workspace/turns")), "x\n");
});

Deno.test("resume keeps label, colour and title", async () => {
  using at = scene();
  await at.run([
    ...["start", "dev", "--yes", "--label", "Fix the Parser", "--color", "blue"],
    ...["--prompt", "true"],
  ]);
  using screen = new Screen(LAUNCHER, ["resume", "fix-the-parser", "--yes"], {
    cwd: at.project,
    env: { ...at.env(), TERM: "xterm-256color" },
  });
  await screen.shows(/fix-the-parser:\/workspace\$/);
  screen.type("exit\r");
  assert.equal(await screen.ended(), 0);
  assert.ok(screen.raw().includes("\x1b]0;Fix the Parser (dev)\x07"), "the title");
  const [listed] = JSON.parse((await at.run(["list", "--json"])).stdout);
  assert.deepEqual([listed.label, listed.color], ["Fix the Parser", "blue"]);
});

Deno.test("resume refuses a bottle whose files are gone, in part or as a whole, and makes no empty ones", async () => {
  using at = scene();
  await start(at, "echo one > f");
  for (const part of ["workspace", "home"]) {
    const folder = join(at.home, "state/box", part);
    Deno.renameSync(folder, `${folder}.away`);
    const { code, stderr } = await resume(at, "true");
    assert.equal(code, 1, stderr);
    assert.match(stderr, new RegExp(`Cannot resume "box": its ${part} is gone`));
    assert.match(stderr, /hint: bring the folder back, or start a new bottle/);
    assert.ok(!at.names("state/box").includes(part), "nothing took its place");
    Deno.renameSync(`${folder}.away`, folder);
  }
  assert.equal((await resume(at, "cat f")).stdout, "one\n");
  const none = await resume(at, "true", "--from", "commit");
  assert.equal(none.code, 2);
  assert.match(none.stderr, /Cannot resume "box" from commit: it has no commit/);
});

Deno.test("resume names the manifest that is gone, and leaves the bottle as it is", async () => {
  using at = scene();
  await start(at, "echo one > f");
  for (const name of ["agents/dev.md", "bottles/plain.md"]) {
    const file = join(at.home, name);
    const text = Deno.readTextFileSync(file);
    Deno.removeSync(file);
    const { code, stderr } = await resume(at, "true");
    assert.equal(code, 3, stderr);
    assert.match(stderr, name.startsWith("agents") ? /dev/ : /plain/);
    Deno.writeTextFileSync(file, text);
  }
  assert.equal((await resume(at, "cat f")).stdout, "one\n");
});

Deno.test("resume without a slug says what to give when there is no terminal, and that nothing is kept", async () => {
  using at = scene();
  const none = await at.run(["resume"]);
  assert.deepEqual([none.code, /no bottle is kept/.test(none.stderr)], [2, true]);
  await start(at, "true");
  const asked = await at.run(["resume"]);
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /no terminal to ask on\n.*hint: give SLUG/);
});
