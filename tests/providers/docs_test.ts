/** The example of docs/providers.md, put into a copy of the program and used. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { IMPORT_TABLE } from "../../scripts/lint/import_table.ts";
import { ROOT } from "../cli/support.ts";

const DOCS = Deno.readTextFileSync(join(ROOT, "docs/providers.md"));

/** The text of the fenced block with this heading. */
function block(heading: string): string {
  const found = DOCS.split(`\`\`\`${heading}\n`)[1]?.split("\n```")[0];
  assert.ok(found, `docs/providers.md has a block ${heading}`);
  return `${found}\n`;
}

/** The lines that a diff adds, each after the line that stands before it. */
function withAdded(text: string, diff: string): string {
  const lines = diff.trimEnd().split("\n");
  return lines.reduce((result, line, index) => {
    if (!line.startsWith("+")) return result;
    const before = `${lines[index - 1]!.slice(1)}\n`;
    assert.ok(result.includes(before), `the registry holds ${before}`);
    return result.replace(before, `${before}${line.slice(1)}\n`);
  }, text);
}

/** A copy of the program's source with links to everything but its providers. */
function copyOfProgram(folder: string): void {
  for (const name of [...Object.keys(IMPORT_TABLE), "deno.json", "deno.lock", "scripts"]) {
    if (name !== "providers") Deno.symlinkSync(join(ROOT, name), join(folder, name));
  }
  Deno.mkdirSync(join(folder, "providers"));
  for (const { name } of Deno.readDirSync(join(ROOT, "providers"))) {
    Deno.copyFileSync(join(ROOT, "providers", name), join(folder, "providers", name));
  }
}

Deno.test("the example of docs/providers.md is one file and one registry line, and then a template like any other", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bb-example-" });
  try {
    copyOfProgram(folder);
    const registry = join(folder, "providers/registry.ts");
    Deno.writeTextFileSync(join(folder, "providers/example.ts"), block("ts providers/example.ts"));
    Deno.writeTextFileSync(
      registry,
      withAdded(Deno.readTextFileSync(registry), block("diff providers/registry.ts")),
    );
    const home = join(folder, "home");
    Deno.mkdirSync(join(home, "bottles"), { recursive: true });
    Deno.writeTextFileSync(
      join(home, "bottles/dev.md"),
      "---\nagent_provider: {template: example, auth_token: EXAMPLE_KEY, settings: {model: m}}\n---\n",
    );
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", ...args],
        cwd: folder,
        env: { HOME: folder, BOT_BOTTLE_HOME: home, DENO_DIR: await denoDir(), NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder();
      return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    };
    const flags = "--v8-flags=--enable-experimental-regexp-engine";
    const shown = await run("--check", flags, "main.ts", "info", "--bottle", "dev");
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /template: example[^]*host: api\.example\.com[^]*value: \/v1\/chat/);

    Deno.writeTextFileSync(
      join(folder, "plan.ts"),
      `import { providerOf } from "./providers/registry.ts";
const plan = providerOf("example").plan({
  config: { template: "example", settings: { model: "m" } },
  credential: { form: "api_key", tokens: {}, facts: {} },
  places: { home: "/h", workspace: "/w", fixed: "/f", bin: "/b", supervise: "http://s/mcp" },
  systemPrompt: "Be brief.", prompt: "do it", resumed: true, session: undefined, label: "l", color: undefined,
});
console.log(JSON.stringify(plan));
`,
    );
    const planned = await run("plan.ts");
    assert.equal(planned.code, 0, planned.stderr);
    const { argv, home: files, fixed } = JSON.parse(planned.stdout);
    assert.equal(
      argv.join(" "),
      "/b/example-agent --yes-to-all --continue --model m --system-file /f/system-prompt.md --print -- do it",
    );
    assert.match(files[0].content, /"supervise":\{"url":"http:\/\/s\/mcp"\}/);
    assert.deepEqual(fixed, [{ path: "system-prompt.md", content: "Be brief." }]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The module cache of whoever runs the tests, which a home of its own would hide. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
