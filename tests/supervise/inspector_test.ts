import assert from "node:assert/strict";
import { openScene, type Scene, WIDER } from "./scene.ts";

const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0";

/** Runs the MCP inspector's command line against a scene. */
async function inspect(at: Scene, ...args: string[]): Promise<{ code: number; out: string }> {
  const { code, stdout, stderr } = await new Deno.Command("npx", {
    args: [
      ...["--yes", "--prefer-offline", INSPECTOR],
      ...["--cli", at.url.href, "--transport", "http", ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout) + text(stderr) };
}

/** Why the inspector cannot be run here; undefined when it can. */
async function whyNot(): Promise<string | undefined> {
  try {
    const { code, stderr } = await new Deno.Command("npx", {
      args: ["--yes", "--prefer-offline", INSPECTOR, "--cli", "--help"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return code === 0 ? undefined : new TextDecoder().decode(stderr).slice(-300);
  } catch (error) {
    return String(error);
  }
}

Deno.test("the MCP inspector lists the tools and calls each of them", async (t) => {
  const reason = await whyNot();
  if (reason !== undefined) {
    Deno.stderr.writeSync(
      new TextEncoder().encode(`\nNOT RUN: the MCP inspector cannot be had: ${reason}\n`),
    );
    return;
  }
  await using at = await openScene();
  await t.step("tools/list", async () => {
    const { code, out } = await inspect(at, "--method", "tools/list");
    assert.equal(code, 0, out);
    for (const tool of ["egress-allow", "egress-block", "list-egress-routes", "budget-raise"]) {
      assert.ok(out.includes(`"${tool}"`), out);
    }
  });
  const call = (tool: string, ...args: string[]) =>
    inspect(
      at,
      ...["--method", "tools/call", "--tool-name", tool],
      ...args.flatMap((arg) => ["--tool-arg", arg]),
    );
  await t.step("list-egress-routes", async () => {
    const { code, out } = await call("list-egress-routes");
    assert.equal(code, 0, out);
    assert.match(out, /api\.example\.com/);
  });
  let id = "";
  for (
    const [tool, ...args] of [
      ["egress-allow", `routes_yaml=${WIDER}`, "justification=a test"],
      ["egress-block", "routes_yaml=routes: []", "justification=a test"],
      ["budget-raise", "scope=bottle", "amount=1000", "justification=a test"],
    ] as const
  ) {
    await t.step(tool, async () => {
      const answer = call(tool, ...args);
      id = (await at.proposal()).id;
      at.respond(id, { status: "rejected", notes: `no ${tool}` });
      const { code, out } = await answer;
      assert.equal(code, 0, out);
      assert.match(out, new RegExp(`rejected[\\s\\S]*no ${tool}`));
    });
  }
  await t.step("proposal-status", async () => {
    const { code, out } = await call("proposal-status", `id=${id}`);
    assert.equal(code, 0, out);
    assert.match(out, /rejected/);
  });
  await t.step("a missing argument", async () => {
    const { code, out } = await call("egress-allow", `routes_yaml=${WIDER}`);
    assert.notEqual(code, 0);
    assert.match(out, /justification/);
  });
  assert.deepEqual(at.defects, []);
});
