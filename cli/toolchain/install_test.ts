import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { Provider } from "../../providers/provider.ts";
import { command } from "../../providers/command.ts";
import type { PinnedToolchain } from "../../providers/versions.ts";
import { isInstalled, type Toolchain, toolchainsFolder, wantedToolchain } from "./folder.ts";
import { installToolchain } from "./install.ts";
import type { Npm } from "./npm.ts";
import { packageFiles, programScript } from "./package_files.ts";
import { toolchainProblems } from "./verify.ts";

const PROVIDER: Provider = {
  ...command,
  name: "sample",
  programs: () => ({ sample: ["node_modules/sample/run"] }),
};
const packages = [{ name: "sample", version: "1.2.3", integrity: "sha512-x" }];
const VERSIONS: Record<string, PinnedToolchain> = {
  sample: { version: "1.2.3", "linux-x64": packages, "linux-arm64": packages },
};

/** An npm that puts a program where the real one would. */
const npm: Npm = (folder) => {
  Deno.mkdirSync(join(folder, "node_modules/sample"), { recursive: true });
  Deno.mkdirSync(join(folder, ".npm"));
  Deno.writeTextFileSync(join(folder, "node_modules/sample/run"), '#!/bin/sh\necho "ran $*"\n');
  return Promise.resolve();
};

async function withHome(use: (home: string, toolchain: Toolchain) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bb-toolchain-" });
  try {
    await use(home, wantedToolchain(home, PROVIDER, VERSIONS)!);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const names = (home: string) =>
  [...Deno.readDirSync(toolchainsFolder(home))].map(({ name }) => name);

Deno.test("installToolchain() makes a folder whose programs run from wherever it is seen", async () => {
  await withHome(async (home, toolchain) => {
    assert.ok(!isInstalled(toolchain));
    await installToolchain(home, toolchain, { npm });
    assert.ok(isInstalled(toolchain));
    assert.equal(names(home).length, 1);
    const elsewhere = join(home, "elsewhere");
    Deno.symlinkSync(toolchain.folder, elsewhere);
    const { stdout } = await new Deno.Command(join(elsewhere, "bin/sample"), { args: ["a b"] })
      .output();
    assert.equal(new TextDecoder().decode(stdout), "ran a b\n");
    assert.equal(Deno.statSync(toolchain.folder).mode! & 0o777, 0o755);
    assert.deepEqual(await toolchainProblems(toolchain), []);
  });
});

Deno.test("installToolchain() that fails leaves nothing, and the next one succeeds", async () => {
  await withHome(async (home, toolchain) => {
    const broken: Npm = async (folder) => {
      await npm(folder);
      throw new Error("the network is gone");
    };
    await assert.rejects(installToolchain(home, toolchain, { npm: broken }), /network is gone/);
    assert.deepEqual([isInstalled(toolchain), names(home)], [false, []]);
    await installToolchain(home, toolchain, { npm });
    assert.ok(isInstalled(toolchain));
  });
});

Deno.test("installToolchain() removes what a killed one left, and not what another one fills", async () => {
  await withHome(async (home, toolchain) => {
    const killed = join(toolchainsFolder(home), ".install-killed");
    const busy = join(toolchainsFolder(home), ".install-busy");
    for (const folder of [killed, busy]) {
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(join(folder, ".lock"), "");
    }
    using lock = Deno.openSync(join(busy, ".lock"));
    assert.ok(lock.tryLockSync(true));
    await installToolchain(home, toolchain, { npm });
    assert.deepEqual(names(home).filter((name) => name.startsWith(".")), [".install-busy"]);
  });
});

Deno.test("two installations at once end with one toolchain", async () => {
  await withHome(async (home, toolchain) => {
    await Promise.all([
      installToolchain(home, toolchain, { npm }),
      installToolchain(home, toolchain, { npm }),
    ]);
    assert.equal(names(home).length, 1);
    assert.deepEqual(await toolchainProblems(toolchain), []);
  });
});

Deno.test("installToolchain() refuses packages without the program", async () => {
  await withHome(async (home, toolchain) => {
    const other: Npm = (folder) => Deno.mkdir(join(folder, "node_modules"));
    await assert.rejects(installToolchain(home, toolchain, { npm: other }), {
      code: "toolchain_incomplete",
    });
    assert.deepEqual(names(home), []);
  });
});

Deno.test("toolchainProblems() names changed, missing and further files", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { npm });
    const at = (name: string) => join(toolchain.folder, name);
    Deno.writeTextFileSync(at("node_modules/sample/run"), "#!/bin/sh\necho other\n");
    Deno.removeSync(at("package.json"));
    Deno.writeTextFileSync(at("node_modules/more.js"), "");
    assert.deepEqual((await toolchainProblems(toolchain)).sort(), [
      "node_modules/more.js is new",
      "node_modules/sample/run was changed",
      "package.json is missing",
    ]);
  });
});

Deno.test("wantedToolchain() gives another archive another folder, and refuses what is not pinned", () => {
  const folderOf = (integrity: string) => {
    const pinned = [{ ...packages[0]!, integrity }];
    const versions = {
      sample: { version: "1.2.3", "linux-x64": pinned, "linux-arm64": pinned },
    };
    return wantedToolchain("/h", PROVIDER, versions)?.folder;
  };
  assert.notEqual(folderOf("sha512-a"), folderOf("sha512-b"));
  assert.match(folderOf("sha512-a") ?? "", /^\/h\/toolchains\/sample-1\.2\.3-linux-(x64|arm64)-/);
  assert.throws(() => wantedToolchain("/h", PROVIDER, {}), { code: "not_pinned" });
  assert.equal(wantedToolchain("/h", command, {}), undefined);
});

Deno.test("packageFiles() locks every package by its hash, and names no registry", () => {
  const files = packageFiles(packages);
  const lock = JSON.parse(files["package-lock.json"]!);
  assert.deepEqual(lock.packages["node_modules/sample"], {
    version: "1.2.3",
    integrity: "sha512-x",
  });
  assert.ok(!Object.values(files).join("").includes("http"));
});

Deno.test("programScript() passes options as they are", () => {
  assert.equal(
    programScript(["bin/node", "--quiet", "cli.js"]),
    `#!/bin/sh\nexec "\${0%/*}/../bin/node" '--quiet' "\${0%/*}/../cli.js" "$@"\n`,
  );
});
