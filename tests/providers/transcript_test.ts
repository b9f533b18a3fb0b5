/** The records that the real agent CLIs keep, as `bot-bottle transcript` shows them. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { TranscriptEntry } from "../../providers/transcript.ts";
import { processesNaming, Scratch, until } from "../cli/support.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import { obedientModel } from "../fakes/model_api/model.ts";
import { ResponsesApi } from "../fakes/model_api/responses_api.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

/** One provider with a fake that does what it is told, and the tools that it is told to use. */
interface Scene {
  readonly provider: string;
  readonly tools: readonly string[];
  scene(toolchains: string): AgentScene;
}

const SCENES: readonly Scene[] = [
  {
    provider: "claude",
    tools: ["Write", "Bash"],
    scene: (toolchains) =>
      new AgentScene(toolchains, "{ template: claude, auth_token: MODEL_TOKEN }", {
        "api.anthropic.com": new MessagesApi(obedientModel(
          { name: "Bash", input: (command) => ({ command, description: "as told" }) },
          { name: "Write", input: (file_path, content) => ({ file_path, content }) },
        )).serve,
      }),
  },
  {
    provider: "codex",
    tools: ["exec", "exec"],
    scene: (toolchains) =>
      new AgentScene(toolchains, "{ template: codex, auth_token: MODEL_TOKEN }", {
        "api.openai.com": new ResponsesApi(obedientModel({
          name: "exec",
          input: (cmd) => `text((await tools.exec_command(${JSON.stringify({ cmd })})).output);`,
        })).serve,
      }),
  },
  {
    provider: "pi",
    tools: ["write", "bash"],
    scene: (toolchains) =>
      new AgentScene(
        toolchains,
        "{ template: pi, settings: { provider: anthropic, api_key_env: MODEL_TOKEN } }",
        {
          "api.anthropic.com": new MessagesApi(obedientModel(
            { name: "bash", input: (command) => ({ command }) },
            { name: "write", input: (path, content) => ({ path, content }) },
          )).serve,
        },
      ),
  },
];

const PROMPT = "create hello.txt and commit it";

function parsed(stdout: string): TranscriptEntry[] {
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

for (const { provider, tools, scene: make } of SCENES) {
  const toolchains = await sharedToolchains(provider);
  if (toolchains === undefined) continue;
  Deno.test(`transcript shows what ${provider} did, while it runs and after, also when it was resumed`, async () => {
    await using scene = make(toolchains);
    const first = await scene.run("start", "worker", "--yes", "--prompt", PROMPT);
    assert.equal(first.code, 0, first.stderr);
    const slug = scene.slug();

    const json = await scene.run("transcript", slug, "--json");
    assert.equal(json.code, 0, json.stderr);
    assert.equal(json.stderr, "");
    const entries = parsed(json.stdout);
    assert.deepEqual(
      entries.map(({ role, kind, tool }) => [role, kind, tool]),
      [
        ["user", "text", null],
        ["assistant", "call", tools[0]],
        ["tool", "result", tools[0]],
        ["assistant", "call", tools[1]],
        ["tool", "result", tools[1]],
        ["assistant", "text", null],
      ],
    );
    assert.equal(entries[0]!.text, PROMPT);
    assert.match(entries[3]!.text, /git commit/);
    assert.match(entries[4]!.text, /Add hello\.txt/);
    assert.equal(entries[5]!.text, "Committed: Add hello.txt");
    for (const { time } of entries) assert.match(time!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);

    const second = await scene.run(
      ...["resume", slug, "--yes", "--prompt", "what did I ask first?"],
    );
    assert.equal(second.code, 0, second.stderr);
    const last = await scene.run("transcript", slug, "--last", "2");
    assert.match(
      last.stdout,
      /^[-0-9]+ [:0-9]+ {2}user\n {2}what did I ask first\?\n\n[-0-9]+ [:0-9]+ {2}assistant\n {2}You asked first: create hello\.txt/,
    );
    const whole = await scene.run("transcript", slug);
    assert.match(whole.stdout, new RegExp(`  user\\n  ${PROMPT}\\n`));
    assert.match(whole.stdout, new RegExp(`^.{19}  ${tools[1]} .*git commit`, "m"));
    assert.match(whole.stdout, new RegExp(`  ${tools[1]} answered\\n`));

    const prompt = "run: touch begun; exec sleep 1000";
    const child = scene.at.start(["resume", slug, "--yes", "--prompt", prompt], {
      MODEL_TOKEN: scene.secret,
    });
    assert.ok(await until(() => scene.workspaceNames().includes("begun"), 60_000));
    const running = await scene.run("transcript", slug, "--json", "--last", "3");
    assert.equal(running.code, 0, running.stderr);
    assert.ok(
      parsed(running.stdout).some(({ kind, text }) => kind === "call" && /begun/.test(text)),
    );
    child.kill("SIGKILL");
    await child.output();
    assert.ok(await until(() => processesNaming(join(scene.at.home, "state")).length === 0));
  });
}

/** A bottle that an agent of this provider left, without the agent. */
function kept(at: Scratch, template: string | undefined, more: object = { agent: "dev" }): void {
  at.write(
    "state/box/bottle.json",
    JSON.stringify({
      version: 1,
      slug: "box",
      backend: "bubblewrap",
      ...(template === undefined ? {} : { template }),
      bottles: ["dev"],
      started: "2026-11-23T21:45:59.218Z",
      preserved: true,
      ...more,
    }),
  );
}

const SESSIONS = "state/box/home/.claude/projects/-workspace";
const said = (text: string) => `${JSON.stringify({ type: "user", message: { content: text } })}\n`;

Deno.test("transcript shows the last session, the one that is named, or every one", async () => {
  using at = new Scratch();
  kept(at, "claude");
  for (const [index, name] of ["b", "a"].entries()) {
    at.write(`${SESSIONS}/${name}.jsonl`, said(`from ${name}`));
    Deno.utimeSync(join(at.home, SESSIONS, `${name}.jsonl`), index + 1, index + 1);
  }
  const last = await at.run(["transcript", "box"]);
  assert.match(last.stdout, /from a/);
  assert.doesNotMatch(last.stdout, /from b/);
  assert.match(last.stderr, /session 2 of 2; --session N or --all shows the others/);
  assert.match((await at.run(["transcript", "box", "--session", "1"])).stdout, /from b/);
  const all = await at.run(["transcript", "box", "--all", "--json"]);
  assert.deepEqual(parsed(all.stdout).map(({ text }) => text), ["from b", "from a"]);
  const lastOfAll = await at.run(["transcript", "box", "--all", "--json", "--last", "1"]);
  assert.deepEqual(parsed(lastOfAll.stdout).map(({ text }) => text), ["from a"]);
  const third = await at.run(["transcript", "box", "--session", "3"]);
  assert.equal(third.code, 2);
  assert.match(third.stderr, /Cannot show session 3: there are 2/);
  for (const args of [["--session", "0"], ["--last", "x"], ["--all", "--session", "1"]]) {
    assert.equal((await at.run(["transcript", "box", ...args])).code, 2, args.join(" "));
  }
});

Deno.test("transcript of a hostile home shows no file outside of it, no escape, and does not wait", async () => {
  using at = new Scratch();
  kept(at, "claude");
  const secret = join(at.root, "secret.jsonl");
  Deno.writeTextFileSync(secret, said("outside"));
  at.write(
    `${SESSIONS}/one.jsonl`,
    `{"broken\n${said("\x1b[2Jinside\u202e")}\x1b]0;title\x07\n${"x".repeat(1000)}\n`,
  );
  at.write(`${SESSIONS}/two\nbot-bottle: forged.jsonl`, "{");
  const folder = join(at.home, SESSIONS);
  Deno.symlinkSync(secret, join(folder, "link.jsonl"));
  Deno.symlinkSync(at.root, join(folder, "../other"));
  await new Deno.Command("mkfifo", { args: [join(folder, "pipe.jsonl")] }).output();
  const { code, stdout, stderr } = await at.run(["transcript", "box", "--all"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /inside/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout + stderr, /outside|[\x07\x1b\u202e]/);
  assert.doesNotMatch(stderr, /^bot-bottle: forged/m);
  assert.match(stderr, /1 line of .*two.bot-bottle: forged\.jsonl cannot be read and is left out/);
  assert.match(stderr, /3 lines of \.claude\/projects\/-workspace\/one\.jsonl cannot be read/);
});

Deno.test("transcript says what there is instead where there is none", async () => {
  using at = new Scratch();
  kept(at, "claude");
  const none = await at.run(["transcript", "box"]);
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  assert.match(none.stderr, /the agent of box has recorded no conversation yet/);
  const misspelt = await at.run(["transcript", "bos"]);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.stderr, /There is no bottle "bos"\n.*did you mean box\?/);
  kept(at, "command");
  const shell = await at.run(["transcript", "box"]);
  assert.equal(shell.code, 2);
  assert.match(shell.stderr, /provider command keeps none\n.*bot-bottle logs box/);
  kept(at, undefined, {});
  assert.match((await at.run(["transcript", "box"])).stderr, /no agent ran in it/);
});
