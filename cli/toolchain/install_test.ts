import assert from "node:assert/strict";
import { basename, join } from "node:path/posix";
import type { Provider } from "../../providers/provider.ts";
import { command } from "../../providers/command.ts";
import type { PinnedToolchain } from "../../providers/versions.ts";
import { isWhole, noteContents } from "./contents.ts";
import { isInstalled, type Toolchain, toolchainsFolder, wantedToolchain } from "./folder.ts";
import { installToolchain } from "./install.ts";
import type { Npm } from "./npm.ts";
import { packageFiles, programScript } from "./package_files.ts";
import { installedFiles, toolchainProblems } from "./verify.ts";

const PROVIDER: Provider = {
  ...command,
  name: "sample",
  ownFiles: { folders: [], instructions: [], logins: [] },
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
  [...Deno.readDirSync(toolchainsFolder(home))].map(({ name }) => name)
    .filter((name) => name !== ".lock");

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

Deno.test("installToolchain() removes what killed ones left, whatever it was", async () => {
  await withHome(async (home, toolchain) => {
    for (const name of [".install-killed/node_modules", ".install-older"]) {
      Deno.mkdirSync(join(toolchainsFolder(home), name), { recursive: true });
    }
    await installToolchain(home, toolchain, { npm });
    assert.deepEqual(names(home), [basename(toolchain.folder)]);
  });
});

Deno.test("of two installations at once one downloads, and the other waits and has it too", async () => {
  await withHome(async (home, toolchain) => {
    const begun = Promise.withResolvers<void>();
    const waited = Promise.withResolvers<void>();
    const calls: string[] = [];
    const slow: Npm = async (folder) => {
      calls.push("first");
      begun.resolve();
      await waited.promise;
      await npm(folder);
    };
    const other: Npm = (folder) => {
      calls.push("second");
      return npm(folder);
    };
    const first = installToolchain(home, toolchain, { npm: slow });
    await begun.promise;
    const second = installToolchain(home, toolchain, {
      npm: other,
      onStep: (step) => /waiting/.test(step) && waited.resolve(),
    });
    await Promise.all([first, second]);
    assert.deepEqual([calls, names(home)], [["first"], [basename(toolchain.folder)]]);
    assert.deepEqual(await toolchainProblems(toolchain), []);
  });
});

Deno.test("installToolchain() that waits for another ends when it is told to, and the other goes on", async () => {
  await withHome(async (home, toolchain) => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const slow: Npm = async (folder) => {
      begun.resolve();
      await stopped.promise;
      await npm(folder);
    };
    const first = installToolchain(home, toolchain, { npm: slow });
    await begun.promise;
    const abort = new AbortController();
    const second = installToolchain(home, toolchain, {
      npm,
      signal: abort.signal,
      onStep: () => abort.abort(),
    });
    await assert.rejects(second, { name: "AbortError" });
    stopped.resolve();
    await first;
    assert.ok(isWhole(toolchain));
  });
});

Deno.test("an installation whose winner failed is done by the one that waited", async () => {
  await withHome(async (home, toolchain) => {
    const begun = Promise.withResolvers<void>();
    const waited = Promise.withResolvers<void>();
    const broken: Npm = async () => {
      begun.resolve();
      await waited.promise;
      throw new Error("the network is gone");
    };
    const first = installToolchain(home, toolchain, { npm: broken });
    await begun.promise;
    const second = installToolchain(home, toolchain, { npm, onStep: () => waited.resolve() });
    await assert.rejects(first, /network is gone/);
    await second;
    assert.ok(isWhole(toolchain));
  });
});

Deno.test("isWhole() notices a file that was cut, changed, replaced by a link or removed", async () => {
  const damages: Record<string, (path: string) => void> = {
    cut: (path) => Deno.truncateSync(path, 3),
    changed: (path) => {
      Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("ran", "RAN"));
      Deno.utimeSync(path, 1, 1); // the same size; and a clock may be coarse
    },
    linked: (path) => {
      Deno.renameSync(path, `${path}.old`);
      Deno.symlinkSync(`${path}.old`, path);
    },
    removed: (path) => Deno.removeSync(path),
  };
  for (const [name, damage] of Object.entries(damages)) {
    await withHome(async (home, toolchain) => {
      await installToolchain(home, toolchain, { npm });
      assert.ok(isWhole(toolchain));
      damage(join(toolchain.folder, "node_modules/sample/run"));
      assert.ok(!isWhole(toolchain), name);
      await installToolchain(home, toolchain, { npm });
      assert.ok(isWhole(toolchain), `${name}: installed anew`);
      assert.deepEqual(names(home), [basename(toolchain.folder)]);
    });
  }
});

Deno.test("isWhole() doubts a folder that came by a copy, and its hashes clear it", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { npm });
    for (const name of installedFiles(toolchain.folder)) {
      Deno.utimeSync(join(toolchain.folder, name), 1, 1);
    }
    assert.ok(!isWhole(toolchain));
    assert.deepEqual(await toolchainProblems(toolchain), []);
    noteContents(toolchain.folder, installedFiles(toolchain.folder));
    assert.ok(isWhole(toolchain));
  });
});

Deno.test("installToolchain() keeps nothing of what the provider has no use for", async () => {
  await withHome(async (home, toolchain) => {
    const provider = { ...PROVIDER, superfluous: () => ["node_modules/sample/include"] };
    const whole: Npm = async (folder) => {
      await npm(folder);
      Deno.mkdirSync(join(folder, "node_modules/sample/include"));
      Deno.writeTextFileSync(join(folder, "node_modules/sample/include/a.h"), "");
    };
    await installToolchain(home, { ...toolchain, provider }, { npm: whole });
    assert.ok(!installedFiles(toolchain.folder).join().includes("include"));
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
