import assert from "node:assert/strict";
import { basename, join } from "node:path/posix";
import type { BottleError } from "../../core/errors.ts";
import type { Provider } from "../../providers/provider.ts";
import { command } from "../../providers/command.ts";
import type { PinnedToolchain } from "../../providers/versions.ts";
import { isWhole } from "./contents.ts";
import { isInstalled, type Toolchain, toolchainsFolder, wantedToolchain } from "./folder.ts";
import { renewNotes } from "./finish_folder.ts";
import { installToolchain } from "./install.ts";
import { entriesOf, filesOf, lookAt, lookOneByOne } from "./look.ts";
import type { Npm } from "./npm.ts";
import { packageFiles, programScript } from "./package_files.ts";
import { refuseShared } from "./shared_folder.ts";
import { toolchainProblems } from "./verify.ts";

const PROVIDER: Provider = {
  ...command,
  name: "sample",
  ownFiles: { folders: [], instructions: [], logins: [] },
  programs: () => ({ sample: ["node_modules/sample/run"] }),
};
/** Whose the folders are. */
const uid = Deno.uid()!;

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

/** Files of a toolchain, without the lists of them. */
const installedFiles = async (folder: string) => filesOf(entriesOf(await lookAt(folder)));

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
    await installToolchain(home, toolchain, { uid, npm });
    assert.ok(isInstalled(toolchain));
    assert.equal(names(home).length, 1);
    const elsewhere = join(home, "elsewhere");
    Deno.symlinkSync(toolchain.folder, elsewhere);
    const { stdout } = await new Deno.Command(join(elsewhere, "bin/sample"), { args: ["a b"] })
      .output();
    assert.equal(new TextDecoder().decode(stdout), "ran a b\n");
    assert.equal(Deno.statSync(toolchain.folder).mode! & 0o777, 0o755);
    assert.deepEqual(await toolchainProblems(toolchain, uid), []);
  });
});

Deno.test("installToolchain() that fails leaves nothing, and the next one succeeds", async () => {
  await withHome(async (home, toolchain) => {
    const broken: Npm = async (folder) => {
      await npm(folder);
      throw new Error("the network is gone");
    };
    await assert.rejects(
      installToolchain(home, toolchain, { uid, npm: broken }),
      /network is gone/,
    );
    assert.deepEqual([isInstalled(toolchain), names(home)], [false, []]);
    await installToolchain(home, toolchain, { uid, npm });
    assert.ok(isInstalled(toolchain));
  });
});

Deno.test("installToolchain() removes what killed ones left, whatever it was", async () => {
  await withHome(async (home, toolchain) => {
    for (const name of [".install-killed/node_modules", ".install-older"]) {
      Deno.mkdirSync(join(toolchainsFolder(home), name), { recursive: true });
    }
    await installToolchain(home, toolchain, { uid, npm });
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
    const first = installToolchain(home, toolchain, { uid, npm: slow });
    await begun.promise;
    const second = installToolchain(home, toolchain, {
      uid,
      npm: other,
      onStep: (step) => /waiting/.test(step) && waited.resolve(),
    });
    await Promise.all([first, second]);
    assert.deepEqual([calls, names(home)], [["first"], [basename(toolchain.folder)]]);
    assert.deepEqual(await toolchainProblems(toolchain, uid), []);
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
    const first = installToolchain(home, toolchain, { uid, npm: slow });
    await begun.promise;
    const abort = new AbortController();
    const second = installToolchain(home, toolchain, {
      uid,
      npm,
      signal: abort.signal,
      onStep: () => abort.abort(),
    });
    await assert.rejects(second, { name: "AbortError" });
    stopped.resolve();
    await first;
    assert.ok(await isWhole(toolchain));
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
    const first = installToolchain(home, toolchain, { uid, npm: broken });
    await begun.promise;
    const second = installToolchain(home, toolchain, { uid, npm, onStep: () => waited.resolve() });
    await assert.rejects(first, /network is gone/);
    await second;
    assert.ok(await isWhole(toolchain));
  });
});

Deno.test("isWhole() notices a file that was cut, changed, replaced, opened to others or removed, and further ones", async () => {
  const damages: Record<string, (path: string) => void> = {
    cut: (path) => Deno.truncateSync(path, 3),
    changed: (path) => {
      Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("ran", "RAN"));
      Deno.utimeSync(path, 1, 1); // the same size; and a clock may be coarse
    },
    "changed to its old size and time": (path) => {
      const { atime, mtime } = Deno.statSync(path);
      Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("ran", "RAN"));
      Deno.utimeSync(path, atime!, mtime!);
    },
    "made writable for others": (path) => Deno.chmodSync(path, 0o777),
    "given another beside it": (path) => Deno.writeTextFileSync(`${path}.more`, ""),
    "given a link beside it": (path) => Deno.symlinkSync("/etc/shadow", `${path}.more`),
    linked: (path) => {
      Deno.renameSync(path, `${path}.old`);
      Deno.symlinkSync(`${path}.old`, path);
    },
    removed: (path) => Deno.removeSync(path),
  };
  for (const [name, damage] of Object.entries(damages)) {
    await withHome(async (home, toolchain) => {
      await installToolchain(home, toolchain, { uid, npm });
      assert.ok(await isWhole(toolchain));
      damage(join(toolchain.folder, "node_modules/sample/run"));
      assert.ok(!await isWhole(toolchain), name);
      await installToolchain(home, toolchain, { uid, npm });
      assert.ok(await isWhole(toolchain), `${name}: installed anew`);
      assert.deepEqual(names(home), [basename(toolchain.folder)]);
    });
  }
});

Deno.test("isWhole() doubts a folder that came by a copy, and its hashes clear it", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { uid, npm });
    for (const name of await installedFiles(toolchain.folder)) {
      Deno.utimeSync(join(toolchain.folder, name), 1, 1);
    }
    assert.ok(!await isWhole(toolchain));
    assert.deepEqual(await toolchainProblems(toolchain, uid), []);
    await renewNotes(toolchain);
    assert.ok(await isWhole(toolchain));
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
    await installToolchain(home, { ...toolchain, provider }, { uid, npm: whole });
    assert.ok(!(await installedFiles(toolchain.folder)).join().includes("include"));
  });
});

Deno.test("installToolchain() refuses packages without the program", async () => {
  await withHome(async (home, toolchain) => {
    const other: Npm = (folder) => Deno.mkdir(join(folder, "node_modules"));
    await assert.rejects(installToolchain(home, toolchain, { uid, npm: other }), {
      code: "toolchain_incomplete",
    });
    assert.deepEqual(names(home), []);
  });
});

Deno.test("toolchainProblems() names changed, missing and further files", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { uid, npm });
    const at = (name: string) => join(toolchain.folder, name);
    Deno.writeTextFileSync(at("node_modules/sample/run"), "#!/bin/sh\necho other\n");
    Deno.removeSync(at("package.json"));
    Deno.writeTextFileSync(at("node_modules/more.js"), "");
    assert.deepEqual((await toolchainProblems(toolchain, uid)).sort(), [
      "node_modules/more.js is new",
      "node_modules/sample/run was changed",
      "package.json is missing",
    ]);
  });
});

Deno.test("toolchainProblems() names links, permissions and what is no file", async () => {
  const damages: Record<string, (folder: string) => void> = {
    "node_modules/x is a link": (at) => Deno.symlinkSync("/etc/shadow", `${at}/node_modules/x`),
    "node_modules/.bin/x is a link": (at) => {
      Deno.mkdirSync(`${at}/node_modules/.bin`);
      Deno.symlinkSync("../../../../x", `${at}/node_modules/.bin/x`);
    },
    "node_modules/sample is a link": (at) => {
      Deno.renameSync(`${at}/node_modules/sample`, `${at}/store`);
      Deno.symlinkSync("../store", `${at}/node_modules/sample`);
    },
    "node_modules/sample/run can be written by others": (at) =>
      Deno.chmodSync(`${at}/node_modules/sample/run`, 0o666),
    "bin can be written by others": (at) => Deno.chmodSync(`${at}/bin`, 0o777),
    "its folder can be written by others": (at) => Deno.chmodSync(at, 0o775),
    "node_modules/sample/run has other permissions": (at) =>
      Deno.chmodSync(`${at}/node_modules/sample/run`, 0o644),
    "pipe is no file": (at) => {
      new Deno.Command("mkfifo", { args: [`${at}/pipe`] }).outputSync();
    },
    "odd\\name is new": (at) => Deno.writeTextFileSync(`${at}/odd\\name`, ""),
  };
  for (const [problem, damage] of Object.entries(damages)) {
    await withHome(async (home, toolchain) => {
      await installToolchain(home, toolchain, { uid, npm });
      assert.deepEqual(await toolchainProblems(toolchain, uid), []);
      damage(toolchain.folder);
      assert.ok((await toolchainProblems(toolchain, uid)).includes(problem), problem);
      assert.ok(!await isWhole(toolchain), problem);
    });
  }
});

Deno.test("toolchainProblems() names what belongs to somebody else, and lets root own it", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { uid, npm });
    const problems = await toolchainProblems(toolchain, uid + 1);
    assert.equal(problems.length > 0, uid !== 0, problems[0]);
    if (uid !== 0) return;
    Deno.chownSync(join(toolchain.folder, "node_modules/sample/run"), 65534, null);
    assert.deepEqual(await toolchainProblems(toolchain, uid), [
      "node_modules/sample/run belongs to somebody else",
    ]);
  });
});

Deno.test("lookAt() sees what a look at one after the other sees, and nothing where nothing is", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { uid, npm });
    Deno.symlinkSync("a -> b", join(toolchain.folder, "bin/odd"));
    Deno.writeTextFileSync(join(toolchain.folder, "bin/1 2.3 x"), "");
    const look = await lookAt(toolchain.folder);
    const entries = entriesOf(look);
    assert.deepEqual(entriesOf(lookOneByOne(toolchain.folder)), entries);
    assert.equal(entries.length, 11);
    assert.ok(entries.some(({ path }) => path === "bin/1 2.3 x"));
    assert.equal(await lookAt(join(home, "nothing")), "");
  });
});

Deno.test("isWhole() sees one changed file among many, too", async () => {
  await withHome(async (home, toolchain) => {
    const many: Npm = async (folder) => {
      await npm(folder);
      for (let at = 0; at < 400; at++) {
        Deno.writeTextFileSync(join(folder, `node_modules/sample/file-${at}`), "text");
      }
    };
    await installToolchain(home, toolchain, { uid, npm: many });
    assert.ok(await isWhole(toolchain));
    assert.ok(await isWhole(toolchain), "asked again");
    const path = join(toolchain.folder, "node_modules/sample/file-7");
    const { atime, mtime } = Deno.statSync(path);
    Deno.writeTextFileSync(path, "TEXT");
    Deno.utimeSync(path, atime!, mtime!);
    assert.ok(!await isWhole(toolchain));
  });
});

Deno.test("toolchainProblems() knows the links to programs that npm makes", async () => {
  await withHome(async (home, toolchain) => {
    const linking: Npm = async (folder) => {
      await npm(folder);
      Deno.mkdirSync(join(folder, "node_modules/.bin"));
      Deno.symlinkSync("../sample/run", join(folder, "node_modules/.bin/sample"));
    };
    await installToolchain(home, toolchain, { uid, npm: linking });
    assert.deepEqual(await toolchainProblems(toolchain, uid), []);
    const link = join(toolchain.folder, "node_modules/.bin/sample");
    Deno.removeSync(link);
    Deno.symlinkSync("../sample/other", link);
    assert.deepEqual(await toolchainProblems(toolchain, uid), [
      "node_modules/.bin/sample leads elsewhere",
    ]);
  });
});

Deno.test("installToolchain() refuses packages that are links", async () => {
  await withHome(async (home, toolchain) => {
    const linked: Npm = async (folder) => {
      await npm(folder);
      Deno.symlinkSync("/etc", join(folder, "node_modules/other"));
    };
    await assert.rejects(installToolchain(home, toolchain, { uid, npm: linked }), {
      code: "toolchain_incomplete",
      message: /node_modules\/other is a link/,
    });
    assert.deepEqual(names(home), []);
  });
});

Deno.test("installToolchain() lets nobody else write, whatever umask and archives say", async () => {
  for (const umask of [0, 0o077]) {
    await withHome(async (parent) => {
      const home = join(parent, "home");
      const toolchain = wantedToolchain(home, PROVIDER, VERSIONS)!;
      const open: Npm = async (folder) => {
        assert.equal(Deno.statSync(folder).mode! & 0o777, 0o700, "closed while it is filled");
        await npm(folder);
        Deno.chmodSync(join(folder, "node_modules/sample"), 0o777);
        Deno.chmodSync(join(folder, "node_modules/sample/run"), 0o4777);
      };
      const before = Deno.umask(umask);
      try {
        await installToolchain(home, toolchain, { uid, npm: open });
      } finally {
        Deno.umask(before);
      }
      const modes = entriesOf(await lookAt(toolchain.folder)).map(({ kind, mode }) =>
        `${kind} ${mode.toString(8)}`
      );
      assert.deepEqual([...new Set(modes)].sort(), ["d 755", "f 644", "f 755"]);
      const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;
      assert.equal(modeOf(join(toolchain.folder, "CONTENTS")), 0o644);
      assert.equal(modeOf(join(toolchain.folder, "node_modules/sample/run")), 0o755);
      assert.equal(modeOf(home), 0o700);
      assert.equal(modeOf(join(home, "toolchains/.lock")), 0o600);
    });
  }
});

Deno.test("refuseShared() refuses folders that others can write or own, and says what to do", async () => {
  await withHome(async (home, toolchain) => {
    await installToolchain(home, toolchain, { uid, npm });
    refuseShared(home, toolchain, uid);
    for (const path of [home, toolchainsFolder(home)]) {
      const before = Deno.statSync(path).mode!;
      for (const mode of [0o775, 0o757]) {
        Deno.chmodSync(path, mode);
        assert.throws(() => refuseShared(home, toolchain, uid), (error: BottleError) => {
          assert.equal(error.code, "shared_folder");
          assert.ok(error.message.includes(`others can write to ${path}`));
          assert.equal(error.hint, `chmod go-w '${path}', then start again`);
          return true;
        });
        await assert.rejects(installToolchain(home, toolchain, { uid, npm }), {
          code: "shared_folder",
        });
      }
      Deno.chmodSync(path, before & 0o7777);
    }
    if (uid !== 0) return;
    for (const path of [home, toolchainsFolder(home), toolchain.folder]) {
      Deno.chownSync(path, 65534, null);
      assert.throws(() => refuseShared(home, toolchain, uid), {
        code: "shared_folder",
        message: /belongs to another user \(uid 65534\)/,
      });
      Deno.chownSync(path, uid, null);
    }
  });
});

Deno.test("renewNotes() trims what an older installation kept, and what is left is whole", async () => {
  await withHome(async (home, toolchain) => {
    const whole: Npm = async (folder) => {
      await npm(folder);
      Deno.mkdirSync(join(folder, "node_modules/sample/include"));
      Deno.writeTextFileSync(join(folder, "node_modules/sample/include/a.h"), "");
    };
    await installToolchain(home, toolchain, { uid, npm: whole });
    const provider = { ...PROVIDER, superfluous: () => ["node_modules/sample/include"] };
    await renewNotes({ ...toolchain, provider });
    assert.ok(!(await installedFiles(toolchain.folder)).join().includes("include"));
    assert.deepEqual(await toolchainProblems(toolchain, uid), []);
    assert.ok(await isWhole(toolchain));
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
