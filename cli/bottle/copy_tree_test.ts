import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path/posix";
import { copyTree } from "./copy_tree.ts";

/** A folder with `real/` (a home folder with bot-bottle's own in it) and `link`, which leads to it. */
async function withHome(body: (at: string, workspace: string) => Promise<void>): Promise<void> {
  const at = Deno.makeTempDirSync();
  try {
    const workspace = join(at, "real/.bot-bottle/state/one/workspace");
    Deno.mkdirSync(workspace, { recursive: true });
    Deno.writeTextFileSync(join(at, "real/file"), "file\n");
    Deno.writeTextFileSync(join(at, "real/.bot-bottle/key"), "key\n");
    Deno.symlinkSync("real", join(at, "link"));
    await body(at, workspace);
  } finally {
    Deno.removeSync(at, { recursive: true });
  }
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("copyTree() leaves bot-bottle's own folder out, also when its path leads over a link", () =>
  withHome(async (at, workspace) => {
    for (const skip of [join(at, "real/.bot-bottle"), join(at, "link/.bot-bottle")]) {
      await copyTree(join(at, "real"), workspace, skip);
      deepEqual(names(workspace), ["file"]);
      Deno.removeSync(join(workspace, "file"));
    }
  }));

Deno.test("copyTree() refuses a folder that the workspace is in", () =>
  withHome(async (at, workspace) => {
    const skip = join(at, "link/.bot-bottle");
    for (const from of ["real/.bot-bottle", "real/.bot-bottle/state", "link/.bot-bottle/state"]) {
      await rejects(copyTree(join(at, from), workspace, skip), { code: "copy_failed" });
    }
    deepEqual(names(workspace), []);
  }));

Deno.test("copyTree() ends between two files when it is told to", () =>
  withHome(async (at, workspace) => {
    const stop = new AbortController();
    for (let n = 0; n < 2000; n++) Deno.writeTextFileSync(join(at, `real/f${n}`), "");
    setTimeout(() => stop.abort(new Error("enough")));
    const skip = join(at, "real/.bot-bottle");
    const copying = copyTree(join(at, "real"), workspace, skip, { signal: stop.signal });
    await rejects(copying, /enough/);
    equal(names(workspace).length < 2000, true);
  }));

Deno.test("copyTree() says which entry it cannot copy", () =>
  withHome(async (at, workspace) => {
    // Deno has no name for a file whose name is not UTF-8.
    await new Deno.Command("/bin/sh", {
      args: ["-c", `: > "$1/$(printf 'caf\\351')"`, "sh", join(at, "real")],
    }).output();
    await rejects(copyTree(join(at, "real"), workspace, join(at, "real/.bot-bottle")), {
      code: "copy_failed",
      message: `Cannot copy ${at}/real/caf\ufffd into the workspace: its name is not UTF-8`,
    });
  }));
