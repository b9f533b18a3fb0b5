/** What a start refuses before a bottle stands, and prompts that are taken as they are. No CLI is installed for it. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Scratch } from "../cli/support.ts";

/** A scene whose agents cannot be installed: a start that comes so far says so. */
function scene(bottle: string, text = "Be brief."): Scratch {
  const at = new Scratch();
  at.bottle("dev", bottle);
  at.write("agents/dev.md", `---\nbottle: dev\n---\n${text}\n`);
  return at;
}

const OFFLINE = { npm_config_registry: "http://127.0.0.1:9" };
const start = (at: Scratch, more: Record<string, string>, ...args: string[]) =>
  at.run(["start", "dev", "--yes", "--prompt", "hello", ...args], { ...OFFLINE, ...more });

const CLAUDE = "agent_provider: { template: claude, auth_token: MODEL_TOKEN }";
const CODEX = "agent_provider: { template: codex, forward_host_credentials: true }";
const token = () => ["tok", crypto.randomUUID()].join("-");

Deno.test("a credential does not come into the bottle by another variable, whatever its name", async () => {
  const value = token();
  const host = { MODEL_TOKEN: value, OTHER: value };
  for (
    const [env, args, said] of [
      [
        "CLAUDE_CODE_OAUTH_TOKEN: ${OTHER}",
        [],
        /dev\.md:\d+:\d+: env\.CLAUDE_CODE_OAUTH_TOKEN is set/,
      ],
      ["CLAUDE_CODE_OAUTH_TOKEN: x", [], /env\.CLAUDE_CODE_OAUTH_TOKEN is set by provider claude/],
      ["COPY: ${OTHER}", [], /env\.COPY holds the credential MODEL_TOKEN/],
      ["A: b", ["--env", `CLAUDE_CODE_OAUTH_TOKEN=${value}`], /--env CLAUDE_CODE_OAUTH_TOKEN is/],
      ["A: b", ["--env", `COPY=user:${value}`], /--env COPY holds the credential MODEL_TOKEN/],
    ] as const
  ) {
    using at = scene(`${CLAUDE}\nenv: { ${env.replace(/: (.*)/, ': "$1"')} }`);
    const { code, stderr } = await start(at, host, ...args);
    assert.equal(code, 3, stderr);
    assert.match(stderr, said);
    assert.ok(!stderr.includes(value));
    assert.deepEqual(at.names("state"), []);
  }
});

Deno.test("run refuses a copied credential too", async () => {
  const value = token();
  using at = new Scratch();
  at.bottle(
    "web",
    "egress: { routes: [{ host: api.example.org, auth: { scheme: Bearer, token_ref: API_TOKEN } }] }",
  );
  const { code, stderr } = await at.run(
    ["run", "--bottle", "web", "--env", `X=${value}`, "--", "env"],
    { API_TOKEN: `${value}\n` },
  );
  assert.deepEqual([code, stderr.includes(value)], [3, false]);
  assert.match(stderr, /--env X holds the credential API_TOKEN/);
});

Deno.test("a start shows the host that codex's login leads to, and refuses a login that cannot be read", async () => {
  using at = scene(CODEX);
  const folder = join(at.root, ".codex");
  Deno.mkdirSync(folder);
  const file = join(folder, "auth.json");
  const dryRun = (more = {}) => at.run(["start", "dev", "--dry-run"], { ...OFFLINE, ...more });
  const key = token();
  const tokens = { access_token: token(), account_id: "account-1" };
  for (
    const [auth_mode, host] of [["chatgpt", "chatgpt.com"], ["apikey", "api.openai.com"]] as const
  ) {
    Deno.writeTextFileSync(file, JSON.stringify({ auth_mode, OPENAI_API_KEY: key, tokens }));
    const { code, stderr } = await dryRun();
    assert.equal(code, 0, stderr);
    assert.deepEqual([...stderr.matchAll(/host: (.*)/g)].map(([, name]) => name), [host]);
    const elsewhere = join(at.root, "elsewhere");
    assert.match((await dryRun({ CODEX_HOME: elsewhere })).stderr, /host: chatgpt\.com/);
  }
  Deno.removeSync(file);
  const { success } = await new Deno.Command("mkfifo", { args: [file] }).output();
  assert.ok(success);
  const pipe = await start(at, {});
  assert.equal(pipe.code, 3);
  assert.match(pipe.stderr, /Cannot read the login in .*auth\.json: it is no file/);
  const outside = await start(at, { CODEX_HOME: "/proc/1" });
  assert.match(outside.stderr, /Cannot read the login in \/proc\/1\/auth\.json: bot-bottle itself/);
});

Deno.test("a credential that no header can hold is named before anything starts", async () => {
  using at = scene(CLAUDE);
  for (const value of ["tok\nen", "tok en", "tök"]) {
    const { code, stderr } = await start(at, { MODEL_TOKEN: value });
    assert.equal(code, 3, stderr);
    assert.match(stderr, /Cannot use the credential in the host variable MODEL_TOKEN/);
    assert.ok(!stderr.includes(value));
  }
});

Deno.test("texts that are too long for an argument are refused before anything starts", async () => {
  const config = CODEX.replace("forward_host_credentials: true", "auth_token: MODEL_TOKEN");
  using long = scene(config, "word ".repeat(28_000));
  const { code, stderr } = await start(long, { MODEL_TOKEN: token() });
  assert.equal(code, 3, stderr.slice(-2000));
  assert.match(
    stderr,
    /Cannot start codex: one of its arguments has 1\d{5} bytes[^]*agents\/dev\.md/,
  );
  using at = scene("env: {}");
  Deno.writeTextFileSync(join(at.project, "task.md"), `echo ${"x".repeat(140_000)}`);
  const prompt = await at.run(["start", "dev", "--yes", "--prompt-file", "task.md"]);
  assert.equal(prompt.code, 3);
  assert.match(prompt.stderr, /Cannot start command: the prompt has 13\d{4} bytes/);
  assert.deepEqual([...long.names("state"), ...at.names("state")], []);
});

Deno.test("a prompt is taken as it is: hyphens, line breaks, from a file, from stdin", async () => {
  using at = scene("env: {}");
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await at.run(["start", "dev", "--yes", ...args]);
    return [code, stdout || stderr.split("\n").filter((line) => /bot-bottle:/.test(line)).join()];
  };
  assert.deepEqual(await said("--prompt", "echo a\necho b"), [0, "a\nb\n"]);
  assert.deepEqual(await said("--prompt=echo a\necho b"), [0, "a\nb\n"]);
  assert.equal((await said("--prompt", "-x"))[0], 127);
  Deno.writeTextFileSync(join(at.project, "task.md"), "echo 'from a file'\n");
  assert.deepEqual(await said("--prompt-file", "task.md"), [0, "from a file\n"]);
  for (const empty of [["--prompt", ""], ["--prompt="], ["--prompt-file", "-"]]) {
    const [code, message] = await said(...empty);
    assert.equal(code, 2);
    assert.match(String(message), /^bot-bottle: Cannot use an empty prompt,bot-bottle: hint: /);
  }
  assert.match(
    String(await said("--prompt-file", "none.md")),
    /^2,.*Cannot read the prompt from none/,
  );
});
