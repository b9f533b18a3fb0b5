/** npm itself against a registry of this test. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { isInstalled, wantedToolchain } from "../../cli/toolchain/folder.ts";
import { installToolchain } from "../../cli/toolchain/install.ts";
import { npmCi } from "../../cli/toolchain/npm.ts";
import { command } from "../../providers/command.ts";
import type { Provider } from "../../providers/provider.ts";
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

Deno.test("npm installs what the pinned hash says, from the registry that it is configured for, and nothing else", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bb-registry-" });
  try {
    const registry: { url: string } = { url: "" };
    const service = await npmService(folder, () => registry.url);
    await using server = serve(service);
    registry.url = server.url;
    const packument = await (await fetch(`${server.url}/plain-package`)).json();
    const { integrity } = packument.versions["1.0.0"].dist;
    const host = {
      envMatching: (pattern: RegExp) =>
        Object.fromEntries(
          Object.entries({ ...Deno.env.toObject(), npm_config_registry: server.url })
            .filter(([name]) => pattern.test(name)),
        ),
    };
    const install = async (name: string, hash: string) => {
      const packages = [{ name: "plain-package", version: "1.0.0", integrity: hash }];
      const home = join(folder, name);
      const toolchain = wantedToolchain(home, PROVIDER, {
        sample: { version: "1.0.0", "linux-x64": packages, "linux-arm64": packages },
      })!;
      await installToolchain(home, toolchain, { npm: npmCi(host) });
      return toolchain;
    };
    assert.ok(isInstalled(await install("right", integrity)));
    const other = `sha512-${btoa("x".repeat(64))}`;
    await assert.rejects(install("wrong", other), { code: "npm_failed", message: /EINTEGRITY/ });
    assert.deepEqual(
      [...Deno.readDirSync(join(folder, "wrong/toolchains"))].map(({ name }) => name),
      [".lock"],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
    /installing claude [^]*npm ended with 1[^]*404[^]*hint: see that npm reaches/,
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
