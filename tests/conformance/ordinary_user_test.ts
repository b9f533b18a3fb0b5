import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { temporaryHome } from "./subject.ts";

/** A uid that nobody has. */
const UID = 54_321;
const ROOT = new URL("../..", import.meta.url).pathname;
const PARTS = ["backends", "core", "sidecar", "tests/conformance", "tests/attacks"];

if (Deno.uid() === 0) {
  Deno.test("bubblewrap conformance and sandbox attacks hold for an ordinary user too", async () => {
    await using folder = await temporaryHome();
    // The checkout and Deno may be in a folder that only root enters: the user gets copies.
    const copy = join(folder.home, "copy");
    for (const part of PARTS) {
      await Deno.mkdir(join(copy, dirname(part)), { recursive: true });
      await run("cp", "-R", join(ROOT, part), join(copy, part));
    }
    await run("cp", Deno.execPath(), join(copy, "deno"));
    const state = join(folder.home, "user");
    await Deno.mkdir(state);
    await run("chown", "-R", String(UID), copy, state);
    await run("chmod", "-R", "a+rX", folder.home);
    const { success, stdout, stderr } = await new Deno.Command("setpriv", {
      args: [
        ...[`--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", join(copy, "deno")],
        ...[
          "test",
          "-A",
          "--no-config",
          "--no-lock",
          "--no-check",
          "tests/conformance/bubblewrap_test.ts",
        ],
        ...sandboxAttacks(),
      ],
      cwd: copy,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        HOME: state,
        TMPDIR: state,
        DENO_DIR: join(state, "cache"),
        NO_COLOR: "1",
      },
    }).output();
    const text = new TextDecoder();
    assert.ok(success, `${text.decode(stdout)}\n${text.decode(stderr)}`);
    assert.match(text.decode(stdout), /\d\d+ passed/);
  });
}

function sandboxAttacks(): string[] {
  return [...Deno.readDirSync(join(ROOT, "tests/attacks"))].map(({ name }) => name)
    .filter((name) => /^sandbox_.*_test\.ts$/.test(name)).map((name) => `tests/attacks/${name}`);
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
