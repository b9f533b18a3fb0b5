/** npm itself against a registry of this test. */
import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path/posix";
import { claimBottle } from "../../cli/bottle/claim.ts";
import { bottleLayout } from "../../cli/bottle/layout.ts";
import { type BottleRecord, recordText } from "../../cli/bottle/record.ts";
import { isWhole } from "../../cli/toolchain/contents.ts";
import { isInstalled, type Toolchain, wantedToolchain } from "../../cli/toolchain/folder.ts";
import { installToolchain } from "../../cli/toolchain/install.ts";
import { npmCi } from "../../cli/toolchain/npm.ts";
import { toolchainProblems } from "../../cli/toolchain/verify.ts";
import type { BottleError } from "../../core/errors.ts";
import { command } from "../../providers/command.ts";
import type { Provider } from "../../providers/provider.ts";
import { providerOf } from "../../providers/registry.ts";
import { processesIn, Scratch, until } from "../cli/support.ts";
import { npmService } from "../integration/local_services.ts";

/** A registry on loopback, without TLS. */
function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const PROVIDER: Provider = {
  ...command,
  name: "sample",
  ownFiles: { folders: [], instructions: [], logins: [] },
  programs: () => ({ sample: ["node_modules/plain-package/index.js"] }),
};

/** A registry with one package, and installations from it. */
async function withRegistry(
  use: (
    install: (
      name: string,
      hash: string | undefined,
      env?: Readonly<Record<string, string>>,
    ) => Promise<Toolchain>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bb-registry-" });
  try {
    const registry: { url: string } = { url: "" };
    const service = await npmService(folder, () => registry.url);
    await using server = serve(service);
    registry.url = server.url;
    const packument = await (await fetch(`${server.url}/plain-package`)).json();
    const { integrity } = packument.versions["1.0.0"].dist;
    await use(async (name, hash = integrity, env = {}) => {
      const whole = { ...Deno.env.toObject(), npm_config_registry: server.url, ...env };
      const host = {
        envMatching: (pattern: RegExp) =>
          Object.fromEntries(Object.entries(whole).filter(([name]) => pattern.test(name))),
      };
      const packages = [{ name: "plain-package", version: "1.0.0", integrity: hash }];
      const home = join(folder, name);
      const toolchain = wantedToolchain(home, PROVIDER, {
        sample: { version: "1.0.0", "linux-x64": packages, "linux-arm64": packages },
      })!;
      await installToolchain(home, toolchain, { uid: Deno.uid()!, npm: npmCi(host) });
      return toolchain;
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("npm installs what the pinned hash says, from the registry that it is configured for, and nothing else", async () => {
  await withRegistry(async (install, folder) => {
    assert.ok(isInstalled(await install("right", undefined)));
    const other = `sha512-${btoa("x".repeat(64))}`;
    await assert.rejects(install("wrong", other), (error: BottleError) => {
      assert.equal(error.code, "npm_failed");
      assert.match(error.message, /EINTEGRITY/);
      assert.match(error.hint ?? "", /^what the registry sent is not what is pinned/);
      assert.doesNotMatch(error.message, /log of this run|debug-\d/);
      return true;
    });
    assert.deepEqual(
      [...Deno.readDirSync(join(folder, "wrong/toolchains"))].map(({ name }) => name),
      [".lock"],
    );
  });
});

Deno.test("no setting of the operator's npm changes where the packages come to lie", async () => {
  await withRegistry(async (install, folder) => {
    const settings = [
      { npm_config_install_strategy: "linked", npm_config_global_style: "true" },
      { npm_config_install_strategy: "nested", npm_config_legacy_bundling: "true" },
      { npm_config_global: "true", npm_config_prefix: join(folder, "elsewhere") },
      { npm_config_location: "global", npm_config_umask: "0" },
      { npm_config_offline: "true", npm_config_json: "true" },
      { npm_config_dry_run: "true", npm_config_package_lock_only: "true" },
      { npm_config_package_lock: "false", npm_config_bin_links: "false" },
      { npm_config_shrinkwrap: "false", npm_config_workspaces: "true" },
      { npm_config_workspace: "other", npm_config_include_workspace_root: "false" },
      { npm_config_omit: "dev optional peer", npm_config_production: "true" },
    ];
    for (const [at, env] of settings.entries()) {
      const toolchain = await install(`${at}`, undefined, env).catch((error) => {
        throw new Error(`${JSON.stringify(env)}: ${error.message}`);
      });
      assert.deepEqual(await toolchainProblems(toolchain, Deno.uid()!), [], JSON.stringify(env));
      const modules = [...Deno.readDirSync(join(toolchain.folder, "node_modules"))];
      assert.ok(
        modules.some(({ name, isDirectory }) => name === "plain-package" && isDirectory),
        JSON.stringify(env),
      );
    }
    assert.throws(() => Deno.lstatSync(join(folder, "elsewhere")), Deno.errors.NotFound);
  });
});

Deno.test("an installation under a loose umask is closed, and a change by its size and time is noticed", async () => {
  await withRegistry(async (install) => {
    const before = Deno.umask(0);
    const toolchain = await install("loose", undefined).finally(() => Deno.umask(before));
    assert.deepEqual(await toolchainProblems(toolchain, Deno.uid()!), []);
    assert.ok(await isWhole(toolchain));
    const script = join(toolchain.folder, "node_modules/plain-package/index.js");
    const { size, atime, mtime } = Deno.statSync(script);
    Deno.writeTextFileSync(script, "x".repeat(size));
    Deno.utimeSync(script, atime!, mtime!);
    assert.ok(!await isWhole(toolchain));
  });
});

/** Puts a small program where a provider's CLI would be. */
async function installFake(home: string, name: string): Promise<Toolchain> {
  const provider = providerOf(name);
  const toolchain = wantedToolchain(home, provider)!;
  const [words] = Object.values(provider.programs!(toolchain.platform));
  await installToolchain(home, toolchain, {
    uid: Deno.uid()!,
    npm: (folder) => {
      Deno.mkdirSync(dirname(join(folder, words![0]!)), { recursive: true });
      Deno.writeTextFileSync(join(folder, words![0]!), "#!/bin/sh\n");
      return Promise.resolve();
    },
  });
  return toolchain;
}

Deno.test("toolchain update removes other versions, but none that a bottle runs from", async () => {
  using at = new Scratch();
  const current = basename((await installFake(at.home, "claude")).folder);
  const [used, unused] = ["claude-1.0.0-linux-x64-00000001", "claude-1.0.1-linux-x64-00000002"];
  for (const name of [used, unused]) at.write(`toolchains/${name}/SHA256SUMS`, "");
  const runs = (slug: string, record: Partial<BottleRecord> | undefined) => {
    const layout = bottleLayout(at.home, Deno.uid()!, slug);
    const claim = claimBottle(layout, slug, true);
    if (record === undefined) return claim;
    const [backend, started] = ["bubblewrap", new Date(0).toISOString()];
    const whole = { version: 1, slug, backend, bottles: [], started, preserved: true } as const;
    Deno.writeTextFileSync(layout.record, recordText({ ...whole, ...record }));
    return claim;
  };
  const claims = [
    runs("with-it", { template: "claude", toolchain: used }),
    runs("of-another", { template: "pi", toolchain: "pi-1.0.0-linux-x64-00000003" }),
    runs("by-run", {}),
  ];
  const first = await at.run(["toolchain", "update"]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, new RegExp(`kept \\S+/${used}: bottle with-it runs from it\n`));
  assert.match(first.stderr, new RegExp(`removed \\S+/${unused}\n`));
  assert.deepEqual(at.names("toolchains"), [".lock", used, current].sort());
  for (const claim of claims) claim[Symbol.dispose]();
  {
    using _starting = runs("at-its-start", undefined);
    assert.match((await at.run(["toolchain", "update"])).stderr, /bottle at-its-start runs from/);
    assert.ok(at.names("toolchains").includes(used));
  }
  assert.match((await at.run(["toolchain", "update"])).stderr, /removed/);
  assert.deepEqual(at.names("toolchains"), [".lock", current]);
});

Deno.test("toolchain verify and start name what changed, and folders that others can write", async () => {
  using at = new Scratch();
  const { folder } = await installFake(at.home, "claude");
  const verify = () => at.run(["toolchain", "verify", "claude"]);
  const whole = await verify();
  assert.deepEqual([whole.code, /is as it was installed/.test(whole.stderr)], [0, true]);
  Deno.symlinkSync("/etc/shadow", join(folder, "node_modules/x"));
  const linked = await verify();
  assert.equal(linked.code, 1);
  assert.match(linked.stderr, /node_modules\/x is a link\n/);
  Deno.chmodSync(join(at.home, "toolchains"), 0o777);
  at.bottle("work", "agent_provider: { template: claude, auth_token: MODEL_TOKEN }");
  at.agent("worker", "bottle: work");
  const start = ["start", "worker", "--yes", "--prompt", "x"];
  const token = crypto.randomUUID();
  const env = { MODEL_TOKEN: token, npm_config_registry: "http://127.0.0.1:9" };
  for (const args of [start, ["toolchain", "verify"], ["toolchain", "install"]]) {
    const { code, stderr } = await at.run(args, env);
    assert.equal(code, 125, stderr);
    assert.match(stderr, /others can write to \S+\/toolchains\n.*hint: chmod go-w /);
  }
  Deno.chmodSync(join(at.home, "toolchains"), 0o755);
  const { code, stderr } = await at.run(start, env);
  assert.equal(code, 125, "installed anew, which the registry refuses");
  assert.match(stderr, /claude \S+ is not what was installed: node_modules\/x is a link/);
});

Deno.test("a start that cannot install its CLI ends with 125 and says what npm said", async () => {
  using at = new Scratch();
  await using server = serve(() => new Response("{}", { status: 404 }));
  at.bottle("work", "agent_provider: { template: claude, auth_token: MODEL_TOKEN }");
  at.agent("worker", "bottle: work");
  const { code, stderr } = await at.run(["start", "worker", "--yes", "--prompt", "x"], {
    MODEL_TOKEN: "tok",
    npm_config_registry: server.url,
  });
  assert.equal(code, 125, stderr);
  assert.match(
    stderr,
    /installing claude [^]*npm ended with 1[^]*404[^]*hint: the registry does not have this version/,
  );
  assert.deepEqual([at.names("state"), at.names("toolchains")], [[], [".lock"]]);
});

Deno.test("a download that is killed leaves nothing that a start would use, and npm ends too", async () => {
  using at = new Scratch();
  const asked = { yes: false };
  const over = Promise.withResolvers<void>();
  await using server = serve(async () => {
    asked.yes = true;
    await over.promise;
    return new Response("{}", { status: 404 });
  });
  const child = at.start(["toolchain", "install", "claude"], { npm_config_registry: server.url });
  assert.ok(await until(() => asked.yes, 30_000), "npm asks the registry");
  assert.equal(at.names("toolchains").length, 2, "the lock, and what is being filled");
  const toolchains = join(at.home, "toolchains");
  assert.equal(processesIn(toolchains).length, 1, "npm works there");
  child.kill("SIGKILL");
  await child.output();
  assert.ok(await until(() => processesIn(toolchains).length === 0), "npm has ended");
  over.resolve();
  const { stdout } = await at.run(["toolchain", "list"]);
  assert.match(stdout, /claude +\S+ +\S+ +no\n/);
  const again = await at.run(["toolchain", "install", "claude"], {
    npm_config_registry: server.url,
  });
  assert.equal(again.code, 125);
  assert.deepEqual(at.names("toolchains"), [".lock"]);
});
