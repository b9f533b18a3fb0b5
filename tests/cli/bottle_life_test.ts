import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path/posix";
import { processesNaming, processesRunning, Scratch, until } from "./support.ts";

Deno.test("run passes the command's exit code through", async (t) => {
  using at = new Scratch();
  const cases: [string[], number][] = [
    [["true"], 0],
    [["sh", "-c", "exit 7"], 7],
    [["no-such-command"], 127],
    [["/etc/passwd"], 126],
    [["sh", "-c", "kill -KILL $$"], 137],
    [["sh", "-c", "kill -TERM $$"], 143],
  ];
  for (const [argv, code] of cases) {
    await t.step(`${argv.join(" ")} → ${code}`, async () => {
      equal((await at.run(["run", "--", ...argv])).code, code);
    });
  }
});

Deno.test("run passes stdout, stderr and flags of the command through untouched", async () => {
  using at = new Scratch();
  const { code, stdout, stderr } = await at.run([
    "run",
    "--",
    "sh",
    "-c",
    'echo "$@"; echo problem >&2',
    "sh",
    "--help",
    "--bottle",
    "x y",
  ]);
  deepEqual([code, stdout, stderr], [0, "--help --bottle x y\n", "problem\n"]);
});

Deno.test("run leaves nothing behind, also the second time", async () => {
  using at = new Scratch();
  for (let i = 0; i < 2; i++) equal((await at.run(["run", "--", "true"])).code, 0);
  deepEqual([at.names("state"), at.names("run")], [[], []]);
  deepEqual(processesNaming(at.root), []);
});

Deno.test("run without a bottle has no way out", async () => {
  using at = new Scratch();
  const { stdout } = await at.run([
    "run",
    "--",
    "sh",
    "-c",
    "curl -sS -o /dev/null -w '%{http_connect}\\n' https://api.example.com/ 2>&1; cat /proc/net/dev",
  ]);
  match(stdout, /403/);
  ok(!/eth0|wlan|ens/.test(stdout), stdout);
});

Deno.test("run shows the host's credential nowhere in the bottle", async () => {
  using at = new Scratch();
  at.bottle(
    "api",
    "egress:\n  routes:\n    - host: api.example.com\n      auth: {scheme: Bearer, token_ref: API_TOKEN}",
  );
  const secret = `tok-${crypto.randomUUID()}`;
  const { code, stdout } = await at.run([
    "run",
    "--bottle",
    "api",
    "--",
    "sh",
    "-c",
    "env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; grep -rl tok- / --include='*' -s --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr",
  ], { API_TOKEN: secret });
  ok(code === 0 || code === 1 || code === 2, `grep ended with ${code}`);
  ok(stdout.includes("HTTPS_PROXY"), "the environment was shown");
  ok(!stdout.includes(secret));
});

Deno.test("run --env and the manifest's env reach the command, and a canary stands among them", async () => {
  using at = new Scratch();
  at.bottle("dev", "env:\n  PLAIN: literal\n  COPIED: ${FROM_HOST}");
  const { code, stdout } = await at.run(
    ["run", "--bottle", "dev", "--env", "GIVEN=a=b", "--", "env"],
    { FROM_HOST: "copied value" },
  );
  equal(code, 0);
  match(stdout, /^PLAIN=literal$/m);
  match(stdout, /^COPIED=copied value$/m);
  match(stdout, /^GIVEN=a=b$/m);
  match(stdout, /^[A-Z]+_[A-Z]+_(SECRET|API_KEY|ACCESS_KEY|PASSWORD)=[\w-]{40}$/m);
});

Deno.test("run --cwd copies files, modes and links, and leaves sockets and the original alone", async () => {
  using at = new Scratch();
  Deno.writeTextFileSync(join(at.project, "build.sh"), "#!/bin/sh\necho built\n");
  Deno.chmodSync(join(at.project, "build.sh"), 0o755);
  Deno.mkdirSync(join(at.project, "inner"));
  Deno.symlinkSync("../build.sh", join(at.project, "inner/link"));
  Deno.symlinkSync("/etc/shadow", join(at.project, "outside"));
  using listener = Deno.listen({ transport: "unix", path: join(at.project, "socket") });
  ok(listener.addr);
  const { code, stdout } = await at.run([
    "run",
    "--cwd",
    "--",
    "sh",
    "-c",
    "./inner/link; readlink outside; ls; echo changed > build.sh",
  ]);
  equal(code, 0);
  equal(stdout, "built\n/etc/shadow\nbuild.sh\ninner\noutside\n");
  match(Deno.readTextFileSync(join(at.project, "build.sh")), /echo built/);
});

Deno.test("run --timeout ends the command with 124 and leaves nothing behind", async () => {
  using at = new Scratch();
  const { code, stderr } = await at.run(["run", "--timeout", "0.5", "--", "sleep", "100"]);
  equal(code, 124);
  match(stderr, /ended after 0\.5 s/);
  deepEqual(at.names("state"), []);
});

Deno.test("run --keep keeps home, workspace and a log that starts with the probe", async () => {
  using at = new Scratch();
  const { stderr } = await at.run(["run", "--keep", "--", "sh", "-c", "echo kept > file"]);
  const [slug] = at.names("state");
  match(stderr, new RegExp(`kept as ${slug}`));
  equal(Deno.readTextFileSync(join(at.home, "state", slug!, "workspace/file")), "kept\n");
  deepEqual(at.names(`state/${slug}/sidecar`).filter((name) => name === "config"), []);
  const lines = (await at.run(["logs", slug!, "--json"])).stdout.trim().split("\n")
    .map((line) => JSON.parse(line));
  const own = lines.filter(({ type }) => type.startsWith("bottle_"));
  deepEqual(own.map(({ type }) => type), ["bottle_started", "bottle_ended"]);
  equal(own[0].probe.ok, true);
  ok(own[0].probe.checks.length > 5);
  const [listed] = JSON.parse((await at.run(["list", "--json"])).stdout);
  deepEqual([listed.slug, listed.state], [slug, "kept"]);
  match((await at.run(["cleanup"])).stderr, /nothing is left over/);
});

Deno.test("start keeps state, refuses the same label again, and shows label and agent", async () => {
  using at = new Scratch();
  at.bottle("dev", "env: {MODE: test}");
  at.agent("dev", "bottle: dev");
  const args = ["start", "dev", "--yes", "--label", "Fix the Parser", "--prompt", "echo $MODE"];
  const first = await at.run(args);
  deepEqual([first.code, first.stdout], [0, "test\n"]);
  const second = await at.run(args);
  equal(second.code, 2);
  match(second.stderr, /fix-the-parser: a bottle of that name exists/);
  match(
    (await at.run(["list"])).stdout,
    /fix-the-parser +kept +bubblewrap +Fix the Parser \(dev\)/,
  );
});

Deno.test("SIGTERM to the host ends the command and leaves nothing behind", async () => {
  using at = new Scratch();
  await using child = at.start(["run", "--", "sleep", "1000"]);
  ok(
    await until(() => at.names("run").length === 1 && processesRunning("sleep", "1000").length > 0),
  );
  child.kill("SIGTERM");
  const { code } = await child.output();
  equal(code, 143);
  deepEqual([at.names("state"), at.names("run")], [[], []]);
  deepEqual(processesNaming(at.root), []);
});

Deno.test("SIGINT without a terminal ends the command with 130 and leaves nothing behind", async () => {
  using at = new Scratch();
  await using child = new Deno.Command("setsid", {
    args: [
      "--wait",
      new URL("../../bot-bottle", import.meta.url).pathname,
      "run",
      "--",
      "sleep",
      "1001",
    ],
    cwd: at.project,
    clearEnv: true,
    env: at.env(),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  ok(await until(() => processesRunning("sleep", "1001").length > 0));
  const [host] = processesNaming("dist/bot-bottle.js\x00run\x00--\x00sleep\x001001");
  Deno.kill(host!, "SIGINT");
  equal((await child.output()).code, 130);
  deepEqual([at.names("state"), at.names("run")], [[], []]);
});

Deno.test("the host killed with SIGKILL: agent and sidecar are gone within a second, cleanup finds the rest", async () => {
  using at = new Scratch();
  await using child = at.start(["run", "--", "sleep", "1002"]);
  ok(await until(() => processesRunning("sleep", "1002").length > 0));
  ok(processesNaming(at.root).length > 0, "the sidecar runs");
  child.kill("SIGKILL");
  await child.status;
  ok(
    await until(
      () => processesRunning("sleep", "1002").length + processesNaming(at.root).length === 0,
      1000,
    ),
    "something still runs",
  );
  const [slug] = at.names("state");
  match((await at.run(["list"])).stderr, /1 dead bottle/);
  const listed = JSON.parse((await at.run(["cleanup", "--json"])).stdout);
  ok(listed.some((item: { slug: string }) => item.slug === slug));
  equal((await at.run(["cleanup"])).code, 2, "nothing goes without an answer");
  const { code, stdout, stderr } = await at.run(["cleanup", "--yes"]);
  equal(code, 0, stderr);
  match(stdout, new RegExp(slug!));
  deepEqual([at.names("state"), at.names("run")], [[], []]);
  match((await at.run(["cleanup"])).stderr, /nothing is left over/);
  await child.stdout.cancel();
  await child.stderr.cancel();
});

Deno.test("cleanup finds the cgroups of a bottle whose state is gone already", async () => {
  using at = new Scratch();
  await using child = at.start(["run", "--", "sleep", "1003"]);
  ok(await until(() => processesRunning("sleep", "1003").length > 0));
  const running = JSON.parse((await at.run(["cleanup", "--json"])).stdout);
  deepEqual(running, [], "a bottle that runs is nobody's leftover");
  child.kill("SIGKILL");
  await child.status;
  ok(await until(() => processesRunning("sleep", "1003").length === 0));
  Deno.removeSync(join(at.home, "state"), { recursive: true });
  const listed: { what: string }[] = JSON.parse((await at.run(["cleanup", "--json"])).stdout);
  if (Deno.uid() === 0) ok(listed.some(({ what }) => what.startsWith("cgroup ")));
  equal((await at.run(["cleanup", "--yes"])).code, 0);
  deepEqual(JSON.parse((await at.run(["cleanup", "--json"])).stdout), []);
  await child.stdout.cancel();
  await child.stderr.cancel();
});

Deno.test("cleanup finds what a killed program was about to rename, once it is old", async () => {
  using at = new Scratch();
  at.write("spare-ca.json.1234", "{}");
  at.write("tmp/test-1234/routes.yaml", "{}");
  match((await at.run(["cleanup"])).stderr, /nothing is left over/); // somebody may be using them
  const old = new Date(Date.now() - 600_000);
  for (const name of ["spare-ca.json.1234", "tmp/test-1234"]) {
    Deno.utimeSync(join(at.home, name), old, old);
  }
  equal((await at.run(["cleanup", "--yes"])).code, 0);
  deepEqual([at.names(".").includes("spare-ca.json.1234"), at.names("tmp")], [false, []]);
});

Deno.test("a home that cannot be made: 125 and what mends it", async () => {
  using at = new Scratch();
  const home = join(at.project, "file/home");
  Deno.writeTextFileSync(join(at.project, "file"), "");
  const { code, stderr } = await at.run(["run", "--", "true"], { BOT_BOTTLE_HOME: home });
  equal(code, 125, stderr);
  match(stderr, /^bot-bottle: Cannot start the bottle: .*\nbot-bottle: hint: (?!this is a defect)/);
});

Deno.test("the sidecar killed with SIGKILL: the host says so, the bottle has no way out, the code stays the command's", async () => {
  using at = new Scratch();
  at.bottle("dev", "egress:\n  routes:\n    - host: api.example.com");
  const script =
    "echo up; while [ ! -e /tmp/go ] && [ $((n += 1)) -lt 100 ]; do sleep 0.05; curl -s -o /dev/null --max-time 2 " +
    "-x http://127.0.0.1:9099 http://_egress.local/allowlist || touch /tmp/go; done; [ -e /tmp/go ] && exit 9";
  await using child = at.start(["run", "--bottle", "dev", "--", "sh", "-c", script]);
  const stderr = new Response(child.stderr).text();
  const stdout = child.stdout.getReader();
  equal(new TextDecoder().decode((await stdout.read()).value), "up\n");
  for (const pid of processesNaming("bot-bottle-sidecar.js")) {
    if (processesNaming(at.home).includes(pid)) Deno.kill(pid, "SIGKILL");
  }
  const { code } = await child.status;
  await stdout.cancel();
  equal(code, 9);
  match(
    await stderr,
    /the sidecar ended \(SIGKILL\): bottle \S+ has no network/,
  );
});

Deno.test("a sidecar that cannot start: the command never runs, 125, and nothing is left", async () => {
  using at = new Scratch();
  at.write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  at.bottle("bad", `egress:\n  upstream_ca: ${join(at.home, "bad.pem")}`);
  for (let i = 0; i < 2; i++) {
    const { code, stdout, stderr } = await at.run([
      "run",
      "--bottle",
      "bad",
      "--",
      "echo",
      "it ran",
    ]);
    deepEqual([code, stdout], [125, ""]);
    match(stderr, /^bot-bottle: Cannot start the sidecar: /);
  }
  deepEqual([at.names("state"), at.names("run")], [[], []]);
});
