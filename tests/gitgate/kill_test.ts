import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { GitClient } from "./git_client.ts";
import { GateScene } from "./gate_scene.ts";
import { type PlainOptions, startGateProcess } from "./gate_process.ts";

/** Programs that stop at one step of a push: the first time they are called for it, they wait to be killed. */
function stoppingTools(scene: GateScene, step: string): PlainOptions["tools"] {
  const real = scene.gateOptions().tools;
  const marker = join(scene.folder, `reached-${step}`);
  const script = (program: string, condition: string, after = "") =>
    `#!/bin/sh\nif [ ! -e ${marker} ] && ${condition}; then ${after} : > ${marker}; exec sleep 600; fi\nexec ${program} "$@"\n`;
  const git = join(scene.folder, `git-${step}`);
  const has = (word: string) => `case " $* " in *" ${word} "*) true;; *) false;; esac`;
  const conditions: Record<string, string> = {
    receive: has("index-pack"),
    list: has("rev-list"),
    read: has("cat-file"),
    // Before the upstream has it, and after.
    forward: has("push"),
    forwarded: has("push"),
    migrate: has("update-ref"),
    refresh: has("fetch"),
  };
  if (step === "gitleaks") {
    const gitleaks = join(scene.folder, "gitleaks-stop");
    // The rules are read from the program, so they are put behind the script.
    const text = script(real.gitleaks!, "true");
    const rules = Deno.readFileSync(real.gitleaks!);
    const head = new TextEncoder().encode(`${text}exit 1\n`);
    const both = new Uint8Array(head.length + rules.length);
    both.set(head);
    both.set(rules, head.length);
    Deno.writeFileSync(gitleaks, both, { mode: 0o755 });
    return { ...real, gitleaks };
  }
  const after = step === "forwarded" ? `${real.git} "$@";` : "";
  Deno.writeTextFileSync(git, script(real.git, conditions[step]!, after), { mode: 0o755 });
  return { ...real, git };
}

const STEPS = ["refresh", "receive", "list", "read", "gitleaks", "forward", "forwarded", "migrate"];

Deno.test("a gate that is killed at any step leaves nothing stuck", async (t) => {
  await using scene = await GateScene.start();
  await scene.stopGate();
  const client = await scene.clone(scene.upstreamPath);
  for (const step of STEPS) {
    await t.step(step, async () => {
      const commit = await client.commit(step, { [`${step}.txt`]: `${step}\n` });
      const ref = `refs/heads/${step}`;
      const { record: _record, onDefect: _onDefect, token: _token, ...plain } = scene.gateOptions();
      {
        await using gate = await startGateProcess({ ...plain, tools: stoppingTools(scene, step) });
        const url = `http://127.0.0.1:${gate.port}/app.git`;
        const pushing = client.push(url, `HEAD:${ref}`);
        await reached(scene, step);
        await gate.kill();
        assert.notEqual(
          (await pushing).code,
          0,
          "a push that was cut off looks as if it had worked",
        );
      }
      await endOfChildren(scene);
      await using gate = await startGateProcess(plain);
      const url = `http://127.0.0.1:${gate.port}/app.git`;
      const { code, stderr } = await client.push(url, `HEAD:${ref}`);
      assert.equal(code, 0, stderr);
      assert.equal(await scene.upstreamRef(ref), commit);
      const mirror = join(scene.gateFolder, "mirrors/app.git");
      assert.equal((await client.try("ls-remote", url, ref)).stdout.slice(0, 40), commit);
      const fsck = await GitClient.try(mirror, "fsck", "--full", "--strict");
      assert.equal(fsck.code, 0, fsck.stderr);
      assert.deepEqual([...Deno.readDirSync(join(scene.gateFolder, "quarantine"))], []);
    });
  }
});

async function reached(scene: GateScene, step: string): Promise<void> {
  for (let tries = 0; tries < 2400; tries++) {
    try {
      Deno.statSync(join(scene.folder, `reached-${step}`));
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  throw new Error(`The gate never came to the step ${step}`);
}

/** The stopped programs themselves: a sleep has nothing to lose. */
async function endOfChildren(scene: GateScene): Promise<void> {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const cwd = Deno.readLinkSync(`/proc/${name}/cwd`);
      const command = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (cwd.startsWith(scene.gateFolder) && command.startsWith("sleep\0")) {
        Deno.kill(Number(name), "SIGKILL");
      }
    } catch { /* it is somebody else's, or ended */ }
  }
  await Promise.resolve();
}
