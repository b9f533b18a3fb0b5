/** The program itself installs a real CLI from a registry of this test, and is interrupted on the way. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Screen } from "../cli/pty.ts";
import { LAUNCHER, processesIn, Scratch, until } from "../cli/support.ts";
import { LocalRegistry, pinnedPackages } from "./local_registry.ts";

const packages = await pinnedPackages("pi");

/** A home of its own and a registry whose archives stop half-way. */
function scene() {
  const at = new Scratch();
  const registry = new LocalRegistry(packages!);
  registry.stopHalfway();
  const env = { npm_config_registry: registry.url };
  const toolchains = join(at.home, "toolchains");
  return {
    at,
    registry,
    env,
    toolchains,
    install: () => at.run(["toolchain", "install", "pi"], env),
    begin: () => at.start(["toolchain", "install", "pi"], env),
    halfway: async () =>
      assert.ok(await until(() => registry.asked.length > 0, 30_000), "npm downloads"),
    /** The npm that works on the installation. */
    workers: () => processesIn(toolchains),
    installed: () => at.names("toolchains").filter((name) => name.startsWith("pi-")),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      at[Symbol.dispose]();
    },
  };
}

if (packages !== undefined) {
  Deno.test("a start that is killed in the midst of a download harms nothing: two at once then install once, and need no network again", async () => {
    await using it = scene();
    const { at, registry, env } = it;
    const killed = it.begin();
    await it.halfway();
    assert.equal(it.workers().length, 1);
    killed.kill("SIGKILL");
    await killed.output();
    assert.ok(await until(() => it.workers().length === 0), "npm ends too");
    assert.deepEqual(it.installed(), []);
    registry.goOn();
    registry.asked.length = 0;
    const both = await Promise.all([it.install(), it.install()]);
    assert.deepEqual(both.map(({ code }) => code), [0, 0], both.map((one) => one.stderr).join());
    assert.equal(registry.asked.length, packages.length, "each archive was downloaded once");
    assert.equal(both.filter(({ stderr }) => /pi \S+: waiting for another/.test(stderr)).length, 1);
    for (const { stderr } of both) assert.match(stderr, /installing pi [^]*\binstalled pi/);
    assert.ok(
      both.some(({ stderr }) =>
        /\binstalling [^]*: downloading\n[^]*: noting checksums\n/.test(stderr)
      ),
    );
    assert.deepEqual(at.names("toolchains"), [".lock", ...it.installed()]);
    await registry[Symbol.asyncDispose]();
    const offline = await at.run(["toolchain", "install", "pi"], env);
    assert.equal(offline.code, 0);
    assert.match(offline.stderr, /pi \S+ is installed\n$/);
    assert.equal((await at.run(["toolchain", "verify", "pi"])).code, 0);

    // What is damaged is noticed, and not used where it cannot be mended.
    const program = join(
      ...[it.toolchains, it.installed()[0]!],
      "node_modules/@earendil-works/pi-coding-agent/dist/bundle/cli.js",
    );
    Deno.truncateSync(program, 100);
    at.bottle("work", "agent_provider: { template: pi, auth_token: MODEL_TOKEN }");
    at.agent("worker", "bottle: work");
    const start = await at.run(
      ["start", "worker", "--yes", "--prompt", "x"],
      { ...env, MODEL_TOKEN: "tok" },
    );
    assert.equal(start.code, 125);
    assert.match(
      start.stderr,
      /pi \S+ is not what was installed: \S+cli\.js was changed\n[^]*installing pi[^]*npm ended with/,
    );
    assert.deepEqual(at.names("state"), []);
  });

  Deno.test("npm that is killed in the midst of a download fails the installation in words", async () => {
    await using it = scene();
    const child = it.begin();
    await it.halfway();
    const npm = it.workers();
    assert.equal(npm.length, 1);
    Deno.kill(npm[0]!, "SIGKILL");
    const { code, stderr } = await child.output();
    assert.equal(code, 125);
    assert.match(new TextDecoder().decode(stderr), /Cannot install an agent CLI: npm ended with/);
    assert.deepEqual(it.at.names("toolchains"), [".lock"]);
  });

  Deno.test("an installation on a terminal shows one line that changes; Ctrl-C ends it and npm, and the next one succeeds", async () => {
    await using it = scene();
    const screen = () =>
      new Screen(LAUNCHER, ["toolchain", "install", "pi"], {
        cwd: it.at.project,
        env: { ...it.at.env(it.env), TERM: "xterm-256color" },
      });
    {
      using first = screen();
      await it.halfway();
      await first.shows(/^pi \S+: [1-9]\d* MB$/m);
      first.type("\x03");
      assert.equal(await first.ended(), 130);
      assert.match(first.text(), /The installation of pi \S+ was interrupted\n.*begins it anew/);
      assert.doesNotMatch(first.text(), /MB/, "the line is taken away");
    }
    assert.ok(await until(() => it.workers().length === 0), "npm ends too");
    assert.deepEqual(it.at.names("toolchains"), [".lock"]);
    it.registry.goOn();
    using second = screen();
    assert.equal(await second.ended(120_000), 0);
    assert.match(second.text(), /installing pi \S+ \(once\) …\n.*installed pi \S+ in \d+ s$/);
    assert.match(second.raw().replaceAll("\r\x1b[K", "\n~"), /~pi \S+: \d+ MB/);
    assert.equal(it.installed().length, 1);
  });
}
