/** Going on with a bottle, with provider `command`: the shell does what it is told, and needs no packages. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { processesNaming, Scratch, until } from "../cli/support.ts";

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
