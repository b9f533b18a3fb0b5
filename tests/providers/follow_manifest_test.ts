/** A bottle is resumed after its manifest or its credential has changed: the real CLIs do what is wanted now. */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { CompletionsApi } from "../fakes/model_api/completions_api.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import { obedientModel } from "../fakes/model_api/model.ts";
import { ResponsesApi } from "../fakes/model_api/responses_api.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

const [claude, codex, pi] = [
  await sharedToolchains("claude"),
  await sharedToolchains("codex"),
  await sharedToolchains("pi"),
];

const shell = obedientModel({ name: "Bash", input: (command) => ({ command, description: "x" }) });
const exec = obedientModel({
  name: "exec",
  input: (cmd) => `text((await tools.exec_command(${JSON.stringify({ cmd })})).output);`,
});

/** Puts another text in the place of one in the bottle's manifest. */
function change(scene: AgentScene, from: string, to: string): void {
  const file = join(scene.at.home, "bottles/work.md");
  const text = Deno.readTextFileSync(file);
  assert.ok(text.includes(from));
  Deno.writeTextFileSync(file, text.replace(from, to));
}

/** The home of the one bottle. */
const homeOf = (scene: AgentScene) => join(scene.at.home, "state", scene.slug(), "home");

const ANEW = /written anew, as the manifest wants it now:(.*)/;

if (codex !== undefined) {
  /** A scene with Codex that has a key, and a login of the host that is not used yet. */
  const codexScene = () => {
    const [api, backend] = [
      new ResponsesApi(exec),
      new ResponsesApi(exec, {
        base: "/backend-api/codex",
        more: {
          "GET /backend-api/wham/accounts/check": {
            accounts: [{
              id: "account-1",
              workspace_backend_origin: "https://chatgpt.com",
              account_routing_override: "NO_CONSTRAINT",
            }],
          },
          "GET /backend-api/wham/settings/user": {},
          "GET /backend-api/wham/usage": {},
        },
      }),
    ];
    const scene = new AgentScene(codex, "{ template: codex, auth_token: MODEL_TOKEN }", {
      "api.openai.com": api.serve,
      "chatgpt.com": backend.serve,
    });
    const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
    const token = [part({ alg: "RS256" }), part({ exp: 4_000_000_000 }), scene.secret].join(".");
    Deno.mkdirSync(join(scene.at.root, ".codex"));
    Deno.writeTextFileSync(
      join(scene.at.root, ".codex/auth.json"),
      JSON.stringify({ tokens: { access_token: token, account_id: "account-1" } }),
    );
    return { api, backend, scene, token };
  };
  const resume = (scene: AgentScene, prompt: string) =>
    scene.run("resume", scene.slug(), "--yes", "--prompt", prompt);

  Deno.test("codex that had a key is resumed with the host's login, and back, whatever links it left", async () => {
    const { api, backend, scene, token } = codexScene();
    await using _ = scene;
    const aside = "mkdir /workspace/x; mv ~/.codex/auth.json /workspace/x/a; " +
      "ln -s /workspace/x/a ~/.codex/auth.json; cp /workspace/x/a /workspace/x/b";
    const first = await scene.run("start", "worker", "--yes", "--prompt", `run: ${aside}`);
    assert.equal(first.code, 0, first.stderr);
    change(scene, "auth_token: MODEL_TOKEN", "forward_host_credentials: true");
    const second = await resume(scene, "what did I ask first?");
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stdout, /^You asked first: run: mkdir/);
    assert.match(second.stderr, ANEW);
    assert.ok(backend.seen.to("/backend-api/codex/responses").length > 0);
    for (const { headers } of backend.seen.requests) {
      assert.equal(headers["authorization"], `Bearer ${token}`);
    }
    assert.deepEqual(scene.workspaceFile("x/a"), scene.workspaceFile("x/b"));
    const calls = api.seen.requests.length;
    change(scene, "forward_host_credentials: true", "auth_token: MODEL_TOKEN");
    const third = await resume(scene, "what did I ask first?");
    assert.deepEqual([third.code, ANEW.test(third.stderr)], [0, true], third.stderr);
    assert.ok(api.seen.requests.length > calls);
    for (const { headers } of api.seen.requests) {
      assert.equal(headers["authorization"], `Bearer ${scene.secret}`);
    }
    assert.deepEqual([...api.seen.faults, ...backend.seen.faults], []);
  });

  Deno.test("what the agent made of its files stays while the manifest stays, and only what changed is written", async () => {
    const { scene } = codexScene();
    await using _ = scene;
    const mine = "echo '# mine' | tee -a ~/.codex/config.toml >> ~/.codex/auth.json";
    await scene.run("start", "worker", "--yes", "--prompt", "hello there");
    const config = () => Deno.readTextFileSync(join(homeOf(scene), ".codex/config.toml"));
    Deno.writeTextFileSync(join(homeOf(scene), ".codex/config.toml"), `${config()}# ${mine}\n`);
    const same = await resume(scene, "hello again");
    assert.deepEqual([same.code, ANEW.test(same.stderr)], [0, false], same.stderr);
    assert.ok(config().includes(mine));
    change(
      scene,
      "auth_token: MODEL_TOKEN",
      "auth_token: MODEL_TOKEN, settings: { allow: [web_search] }",
    );
    const { code, stderr } = await resume(scene, "hello again");
    assert.equal(code, 0, stderr);
    assert.equal(ANEW.exec(stderr)?.[1], " ~/.codex/config.toml");
    assert.ok(!config().includes(mine) && !config().includes('web_search = "disabled"'));
    const once = await resume(scene, "hello again");
    assert.ok(!ANEW.test(once.stderr), once.stderr);
  });

  Deno.test("a home in which the provider's files cannot be written does not start, and says which", async () => {
    const { api, scene } = codexScene();
    await using _ = scene;
    await scene.run("start", "worker", "--yes", "--prompt", "hello there");
    Deno.removeSync(join(homeOf(scene), ".codex"), { recursive: true });
    Deno.writeTextFileSync(join(homeOf(scene), ".codex"), "");
    const calls = api.seen.requests.length;
    const { code, stderr } = await resume(scene, "hello again");
    assert.equal(code, 1);
    assert.match(stderr, /bot-bottle: ~\/\.codex\/auth\.json cannot be written/);
    assert.equal(api.seen.requests.length, calls);
  });
}

if (claude !== undefined) {
  Deno.test("claude that had a login is resumed with an API key: its prompt comes first, and the key travels", async () => {
    const api = new MessagesApi(shell);
    const scene = new AgentScene(claude, "{ template: claude, auth_token: MODEL_TOKEN }", {
      "api.anthropic.com": api.serve,
    });
    await using _ = scene;
    {
      using first = scene.screen("start", "worker", "--yes", "--label", "box");
      await first.shows(/❯[^]*bypass permissions on/);
      await first.enter("hello there", /❯\shello there/);
      await first.shows(/● Hello from the fake: hello there/);
      await first.enter("/exit", /❯\s\/exit/);
      assert.equal(await first.ended(), 0);
    }
    const key = ["sk", "ant", "api03", crypto.randomUUID()].join("-");
    change(scene, "auth_token: MODEL_TOKEN", "auth_token: MODEL_KEY");
    using screen = scene.screenWith({ MODEL_KEY: key }, "resume", scene.slug(), "--yes");
    await screen.shows(/Hello from the fake: hello there[^]*❯/);
    assert.doesNotMatch(screen.text(), /custom API key|do you want to use/i);
    await screen.enter("hello again", /❯\shello again/);
    await screen.shows(/● Hello from the fake: hello again/);
    await screen.enter("/exit", /❯\s\/exit/);
    assert.equal(await screen.ended(), 0);
    assert.equal(api.seen.requests.at(-1)?.headers["x-api-key"], key);
    assert.deepEqual(api.seen.faults, []);
  });

  Deno.test("claude is resumed with the supervise server that its manifest did not have before, and without", async () => {
    const api = new MessagesApi(shell);
    const scene = new AgentScene(claude, "{ template: claude, auth_token: MODEL_TOKEN }", {
      "api.anthropic.com": api.serve,
    });
    await using _ = scene;
    change(scene, "git-gate:", "supervise: false\ngit-gate:");
    const offered = () => {
      const { mcpServers } = JSON.parse(Deno.readTextFileSync(join(homeOf(scene), ".claude.json")));
      const said = api.seen.to("/v1/messages").at(-1)!.body;
      return [
        mcpServers?.supervise !== undefined,
        said.includes("mcp__supervise__egress-allow"),
      ];
    };
    const first = await scene.run("start", "worker", "--yes", "--prompt", "hello there");
    assert.deepEqual([first.code, ...offered()], [0, false, false], first.stderr);
    for (const supervise of [true, false]) {
      change(scene, `supervise: ${!supervise}`, `supervise: ${supervise}`);
      const { code, stdout, stderr } = await scene.run(
        ...["resume", scene.slug(), "--yes", "--prompt", "what did I ask first?"],
      );
      // The conversation still tells of the tools that were there once.
      assert.deepEqual([code, ...offered()], [0, supervise, true], stderr);
      assert.match(stdout, /^You asked first: hello there/);
    }
  });
}

if (pi !== undefined) {
  Deno.test("pi is resumed with another service and model, and the supervise server follows too", async () => {
    const model = obedientModel({ name: "bash", input: (command) => ({ command }) });
    const [one, other] = [new CompletionsApi(model, "/v1"), new CompletionsApi(model, "/llm")];
    const settings = "settings: { provider: own, base_url: https://one.example.org/v1, " +
      "api: openai-completions, models: [model-1] }";
    const scene = new AgentScene(pi, `{ template: pi, auth_token: MODEL_TOKEN, ${settings} }`, {
      "one.example.org": one.serve,
      "other.example.org": other.serve,
    });
    await using _ = scene;
    const first = await scene.run("start", "worker", "--yes", "--prompt", "hello there");
    assert.equal(first.code, 0, first.stderr);
    assert.ok(one.seen.requests.at(-1)!.body.includes("mcp__supervise__"));
    change(scene, "https://one.example.org/v1", "https://other.example.org/llm");
    change(scene, "models: [model-1]", "models: [model-2]");
    change(scene, "git-gate:", "supervise: false\ngit-gate:");
    const { code, stdout, stderr } = await scene.run(
      ...["resume", scene.slug(), "--yes", "--prompt", "what did I ask first?"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^You asked first: hello there/);
    const { body, headers } = other.seen.requests.at(-1)!;
    assert.equal(JSON.parse(body).model, "model-2");
    assert.equal(headers["authorization"], `Bearer ${scene.secret}`);
    assert.ok(!body.includes("mcp__supervise__"));
    assert.deepEqual([...one.seen.faults, ...other.seen.faults], []);
  });
}
