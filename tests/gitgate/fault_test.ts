import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { GitClient } from "./git_client.ts";
import { GateScene, neededProgram } from "./gate_scene.ts";

/** Waits for something that comes by itself. */
async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !await condition(); tries++) {
    if (tries > 1200) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Says loudly that a test could not look. */
function notRun(why: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`NOT RUN: ${why}\n`));
}

/** A program of one line of shell. */
function fakeProgram(scene: GateScene, name: string, script: string): string {
  const path = join(scene.folder, name);
  Deno.writeTextFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

Deno.test("a push is refused in words when the upstream does not take it, and works when it does again", async (t) => {
  await using scene = await GateScene.start();
  const client = await scene.clone();
  const commit = await client.commit("Change", { "a.txt": "a\n" });
  const push = () => client.push("origin", "HEAD:refs/heads/work");
  const refused = async (pattern: RegExp) => {
    const { code, stderr } = await push();
    assert.notEqual(code, 0);
    assert.match(stderr, pattern);
    assert.equal(await scene.upstreamRef("refs/heads/work"), undefined);
  };

  await t.step("a hook of the upstream", async () => {
    const hook = join(scene.upstreamPath, "hooks", "pre-receive");
    Deno.mkdirSync(join(scene.upstreamPath, "hooks"), { recursive: true });
    Deno.writeTextFileSync(hook, "#!/bin/sh\necho 'Ticket \x1b[31mnumber missing' >&2\nexit 1\n", {
      mode: 0o755,
    });
    await refused(/remote: git-gate: upstream: Ticket .\[31mnumber missing/);
    await refused(/the upstream refuses it: pre-receive hook declined/);
    // Nothing of the refused push stays in the gate.
    const { code } = await GitClient.try(
      join(scene.gateFolder, "mirrors/app.git"),
      "cat-file",
      "-e",
      commit,
    );
    assert.notEqual(code, 0);
    Deno.removeSync(hook);
  });
  await t.step("an upstream that is gone", async () => {
    await scene.stopSshd();
    await refused(/cannot reach the upstream of app: it cannot be reached/);
    assert.notEqual((await client.try("fetch", "origin")).code, 0, "stale data is served");
    await scene.startSshd();
  });
  await t.step("an upstream that is gone between the two requests of a push", async () => {
    const refs = await fetch(`${scene.url}/info/refs?service=git-receive-pack`);
    await refs.body?.cancel();
    await scene.stopSshd();
    await refused(/cannot reach the upstream/);
    await scene.startSshd();
  });
  await t.step("another host key", async () => {
    await scene.stopSshd();
    const { hostKey } = scene.ssh;
    await scene.startSshd(true);
    await refused(/its host key is not the one that is pinned/);
    assert.equal(scene.ssh.hostKey, hostKey);
    await scene.stopGate();
    await scene.stopSshd();
    await scene.startSshd();
  });
  await t.step("a retry", async () => {
    const { newKey } = scene.freshHostKey();
    await scene.startGate({
      repos: scene.gateOptions().repos.map((repo) => ({ ...repo, hostKey: newKey })),
    });
    const { code, stderr } = await client.try("push", scene.url, "HEAD:refs/heads/work");
    assert.equal(code, 0, stderr);
    assert.equal(await scene.upstreamRef("refs/heads/work"), commit);
  });
  assert.deepEqual(scene.defects, []);
});

Deno.test("nothing is pushed without a gitleaks that works", async (t) => {
  await using scene = await GateScene.start();
  const client = await scene.clone();
  await client.commit("Change", { "a.txt": "a\n" });
  const real = neededProgram("gitleaks");
  // Its rules have to be built in, as they are in the real one.
  const rules = `: '\ntitle = "gitleaks config"\n[[rules]]\nid = "a"\n'`;
  const cases: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["missing", undefined, /gitleaks is not installed/],
    ["not there any more", join(scene.folder, "nothing"), /gitleaks cannot be read/],
    ["without rules", fakeProgram(scene, "empty", "exit 0"), /gitleaks has no rules built in/],
    ["crashing", fakeProgram(scene, "crash", `kill -SEGV $$\n${rules}`), /gitleaks failed/],
    ["failing", fakeProgram(scene, "fail", `exit 1\n${rules}`), /gitleaks failed \(exit code 1\)/],
    ["silent", fakeProgram(scene, "silent", `exit 77\n${rules}`), /gitleaks wrote no report/],
    [
      "content with everything",
      fakeProgram(scene, "content", `exit 0\n${rules}`),
      /gitleaks failed \(exit code 0\)/,
    ],
    [
      "blind",
      fakeProgram(
        scene,
        "blind",
        `while [ $# -gt 0 ]; do [ "$1" = --report-path ] && echo '[]' > "$2"; shift; done\nexit 77\n${rules}`,
      ),
      /gitleaks does not find a token that was planted/,
    ],
    ["hanging", fakeProgram(scene, "hang", `exec sleep 600\n${rules}`), /gitleaks takes too long/],
  ];
  for (const [name, gitleaks, pattern] of cases) {
    await t.step(name, async () => {
      await scene.stopGate();
      await scene.startGate({
        tools: { ...scene.gateOptions().tools, gitleaks },
        timeouts: name === "hanging" ? { gitleaks: 300 } : {},
      });
      const { code, stderr } = await client.try("push", scene.url, `HEAD:refs/heads/work`);
      assert.equal(code, 1);
      assert.match(stderr, pattern);
      assert.equal(await scene.upstreamRef("refs/heads/work"), undefined);
    });
  }
  await t.step("installed while the gate runs", async () => {
    await scene.stopGate();
    const later = join(scene.folder, "later");
    await scene.startGate({ tools: { ...scene.gateOptions().tools, gitleaks: later } });
    assert.equal((await client.try("push", scene.url, "HEAD:refs/heads/work")).code, 1);
    Deno.copyFileSync(real, later);
    Deno.chmodSync(later, 0o755);
    const { code, stderr } = await client.try("push", scene.url, "HEAD:refs/heads/work");
    assert.equal(code, 0, stderr);
  });
  assert.deepEqual(scene.defects, []);
});

Deno.test("an event that cannot be stored ends a push before it goes on", async () => {
  await using scene = await GateScene.start({
    gate: {
      record: (event) => {
        if (event.type === "push_allowed") throw new Error("the disk is full");
      },
    },
  });
  const client = await scene.clone();
  await client.commit("Change", { "a.txt": "a\n" });
  const { code, stderr } = await client.push("origin", "HEAD:refs/heads/work");
  assert.equal(code, 1);
  assert.match(stderr, /an error in the gate itself/);
  assert.equal(await scene.upstreamRef("refs/heads/work"), undefined);
});

Deno.test("a full disk refuses the push, and room lets it through", async () => {
  if (Deno.uid() !== 0) {
    notRun("a small file system can be mounted by root only");
    return;
  }
  await using scene = await GateScene.start();
  const client = await scene.clone();
  await scene.stopGate();
  const small = join(scene.folder, "small");
  Deno.mkdirSync(small, { mode: 0o700 });
  const mount = async (...args: string[]) => {
    const { success, stderr } = await new Deno.Command("mount", { args }).output();
    return success ? undefined : new TextDecoder().decode(stderr);
  };
  const problem = await mount("-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", small);
  if (problem !== undefined) {
    notRun(`nothing can be mounted here: ${problem}`);
    return;
  }
  try {
    await scene.startGate({ dir: small });
    // The pack fits in one case and not in the other: the disk fills at the scan, or at the pack.
    const repeated = "a line of text that compresses well\n".repeat(300_000);
    const random = crypto.getRandomValues(new Uint8Array(60_000));
    const noise = new Uint8Array(6_000_000).map((_, at) =>
      random[(at * 7919 + (at >> 9)) % random.length]! ^ (at >> 13)
    );
    for (const file of [repeated, noise]) {
      await client.git("checkout", "-q", "-B", "big", "origin/main");
      await client.commit("Big", { "big.bin": file });
      const { code, stderr } = await client.try("push", scene.url, "HEAD:refs/heads/big");
      assert.equal(code, 1);
      assert.match(stderr, /the gate's disk is full/);
      assert.equal(await scene.upstreamRef("refs/heads/big"), undefined);
    }
    assert.deepEqual([...Deno.readDirSync(join(small, "quarantine"))], []);
    await mount("-o", "remount,size=100m", small);
    const { code, stderr } = await client.try("push", scene.url, "HEAD:refs/heads/big");
    assert.equal(code, 0, stderr);
  } finally {
    await scene.stopGate();
    await new Deno.Command("umount", { args: [small] }).output();
  }
});

Deno.test("a client that is gone in the middle leaves nothing behind", async () => {
  await using scene = await GateScene.start();
  const client = await scene.clone();
  const commit = await client.commit("Change", { "a.txt": "a\n" });
  const body = `00b0${"0".repeat(40)} ${commit} refs/heads/work\0report-status`;
  for (
    const part of [
      "POST /app.git/git-receive-pack HTTP/1.1\r\n",
      `POST /app.git/git-receive-pack HTTP/1.1\r\nhost: g\r\ncontent-length: 900\r\n\r\n${body}`,
    ]
  ) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: scene.gate.port });
    await conn.write(new TextEncoder().encode(part));
    conn.close();
  }
  // Gone while gitleaks is at work: it never ends by itself, so only the end of the client can end it.
  await scene.stopGate();
  const rules = `: '\ntitle = "gitleaks config"\n[[rules]]\nid = "a"\n'`;
  const marker = join(scene.folder, "scanning");
  const hang = fakeProgram(scene, "hang", `: > ${marker}\nexec sleep 600\n${rules}`);
  await scene.startGate({ tools: { ...scene.gateOptions().tools, gitleaks: hang } });
  const pushing = new Deno.Command("git", {
    args: ["push", scene.url, "HEAD:refs/heads/work"],
    cwd: client.path,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until(
    "the scan",
    () => [...Deno.readDirSync(scene.folder)].some(({ name }) => name === "scanning"),
  );
  // git's helper holds the connection; both are in one process group only with a shell, so it is found by its parent.
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(pushing.pid)] })
    .output();
  for (const pid of new TextDecoder().decode(stdout).trim().split("\n").filter(Boolean)) {
    const { stdout: inner } = await new Deno.Command("pgrep", { args: ["-P", pid] }).output();
    for (const child of new TextDecoder().decode(inner).trim().split("\n").filter(Boolean)) {
      Deno.kill(Number(child), "SIGKILL");
    }
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch { /* it went with its child */ }
  }
  await pushing.status;
  await until("the end of the push", () => scene.ofType("push_refused").length > 0);
  await until(
    "an empty quarantine",
    () => [...Deno.readDirSync(join(scene.gateFolder, "quarantine"))].length === 0,
  );
  assert.equal(await scene.upstreamRef("refs/heads/work"), undefined);
  await scene.stopGate();
  await scene.startGate();
  assert.equal((await client.try("push", scene.url, "HEAD:refs/heads/work")).code, 0);
});

Deno.test("what a killed git left in a mirror does not stop the next gate", async () => {
  await using scene = await GateScene.start();
  const client = await scene.clone();
  await scene.stopGate();
  const mirror = join(scene.gateFolder, "mirrors/app.git");
  for (
    const name of [
      "HEAD.lock",
      "config.lock",
      "packed-refs.lock",
      "shallow.lock",
      "refs/heads/work.lock",
      "refs/heads/main.lock",
    ]
  ) {
    Deno.writeTextFileSync(join(mirror, name), "");
  }
  const other = await scene.direct();
  await other.commit("Other", { "o.txt": "o\n" });
  await other.git("push", "-q", "origin", "main");
  await client.commit("Change", { "a.txt": "a\n" });
  await scene.startGate();
  const pushed = await client.try("push", scene.url, "HEAD:refs/heads/work");
  assert.equal(pushed.code, 0, pushed.stderr);
  // A mirror that cannot be read any more is made anew: it is a copy.
  await scene.stopGate();
  for (const { name } of Deno.readDirSync(join(mirror, "objects", "pack"))) {
    const path = join(mirror, "objects", "pack", name);
    Deno.chmodSync(path, 0o600);
    Deno.truncateSync(path, 10);
  }
  await scene.startGate();
  const again = await scene.clone();
  assert.equal((await again.git("log", "-1", "--format=%s", "origin/work")).trim(), "Change");
});

Deno.test("half-open clients are let go, and others are served meanwhile", async () => {
  await using scene = await GateScene.start({
    gate: { timeouts: { idle: 400 }, limits: { connections: 20 } },
  });
  const open = await Promise.all(
    Array.from(
      { length: 10 },
      () => Deno.connect({ hostname: "127.0.0.1", port: scene.gate.port }),
    ),
  );
  const head =
    "POST /app.git/git-receive-pack HTTP/1.1\r\nhost: gate\r\ncontent-length: 5000\r\n\r\n0";
  for (const conn of open) await conn.write(new TextEncoder().encode(head));
  const client = await scene.clone();
  assert.notEqual(client, undefined);
  // Each is closed by the gate, after an answer or without one.
  await Promise.all(open.map(async (conn) => {
    const buffer = new Uint8Array(1024);
    while (await conn.read(buffer).catch(() => null) !== null);
    conn.close();
  }));
});
