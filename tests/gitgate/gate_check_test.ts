import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { gitService } from "../integration/local_services.ts";
import { planOf } from "./gate_check.ts";
import { GateScene } from "./gate_scene.ts";
import { GitClient } from "./git_client.ts";

const SCRIPT = new URL("../../scripts/gate-check", import.meta.url).pathname;

async function gateCheck(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(SCRIPT, { args }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("gate-check finds what a git server without a gate takes", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bb-check-" });
  await GitClient.run(folder, "init", "-q", "--bare", "-b", "main", "open.git");
  const first = await GitClient.clone(join(folder, "open.git"), join(folder, "first"));
  await first.commit("Begin", { "README.md": "# A repository\n" });
  await first.git("push", "-q", "origin", "HEAD:main");
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    gitService(folder),
  );
  const { code, text } = await gateCheck(
    `http://127.0.0.1:${server.addr.port}/open.git`,
    "clean",
    "D10",
    "D7g",
    "D13b",
    "D18c",
  );
  assert.equal(code, 1, text);
  assert.match(text, /^ok +clean +accepted/m);
  assert.match(text, /^WRONG +D10 +accepted/m);
  assert.match(text, /^WRONG +D7g +accepted/m);
  assert.match(text, /^WRONG +D13b +accepted/m);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("gate-check finds nothing at this gate", async () => {
  await using scene = await GateScene.start();
  const { code, text } = await gateCheck(
    scene.url,
    "--verbose",
    "clean",
    "D10",
    "D7g",
    "D13b",
    "D18c",
  );
  assert.equal(code, 0, text);
  assert.match(text, /remote: git-gate: refused/);
});

Deno.test("gate-check says how it is called", async () => {
  const { code, text } = await gateCheck();
  assert.equal(code, 2);
  assert.match(text, /^Usage: scripts\/gate-check URL/);
  for (
    const args of [["--what", "http://g/"], ["file:///x"], ["http://g/", "--timeout", "soon"], [
      "http://g/",
      "Z9",
    ], ["http://g/", "--prefix", "../"]]
  ) {
    assert.equal(planOf(args), undefined, args.join(" "));
  }
  assert.equal(planOf(["http://g/a.git", "D12"])?.rows.length, 8);
});
