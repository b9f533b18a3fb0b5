import assert from "node:assert/strict";
import { PLACEHOLDER } from "../../providers/provider.ts";
import { until } from "../cli/support.ts";
import { CompletionsApi } from "../fakes/model_api/completions_api.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import { obedientModel } from "../fakes/model_api/model.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

const toolchains = await sharedToolchains("pi");

const model = obedientModel(
  { name: "bash", input: (command) => ({ command }) },
  { name: "write", input: (path, content) => ({ path, content }) },
);

/** A scene with Pi and a service that it knows. */
function knownService() {
  const api = new MessagesApi(model);
  const provider = "{ template: pi, settings: { provider: anthropic, api_key_env: MODEL_TOKEN } }";
  const scene = new AgentScene(toolchains!, provider, { "api.anthropic.com": api.serve });
  return { api, scene, header: "x-api-key", value: scene.secret };
}

/** A scene with Pi and a service that only the manifest describes. */
function ownService() {
  const api = new CompletionsApi(model, "/llm/v1");
  const settings = `provider: own, base_url: "https://models.example.org/llm/v1", ` +
    "api: openai-completions, models: [model-1], max_tokens_field: max_tokens, developer_role: false";
  const provider = `{ template: pi, auth_token: MODEL_TOKEN, settings: { ${settings} } }`;
  const scene = new AgentScene(toolchains!, provider, { "models.example.org": api.serve });
  return { api, scene, header: "authorization", value: `Bearer ${scene.secret}` };
}

if (toolchains !== undefined) {
  for (
    const [name, make] of [["it knows", knownService], ["of its manifest", ownService]] as const
  ) {
    Deno.test(`pi with a service ${name} does a task by start --prompt, and resume goes on`, async () => {
      const { api, scene, header, value } = make();
      await using _ = scene;
      const first = await scene.run(
        ...["start", "worker", "--yes", "--prompt", "create hello.txt and commit it"],
      );
      assert.equal(first.code, 0, first.stderr);
      assert.equal(first.stdout, "Committed: Add hello.txt\n");
      assert.equal(scene.workspaceFile("hello.txt"), "hello\n");
      const second = await scene.run(
        ...["resume", scene.slug(), "--yes", "--prompt", "what did I ask first?"],
      );
      assert.equal(second.code, 0, second.stderr);
      assert.match(second.stdout, /^You asked first: create hello\.txt and commit it/);
      assert.deepEqual(api.seen.faults, []);

      const tokens = api.seen.requests.map(({ headers }) => headers[header]);
      assert.deepEqual(new Set(tokens), new Set([value]));
      assert.ok(!api.seen.text().includes(PLACEHOLDER), "the placeholder left the bottle");
      assert.deepEqual(scene.filesHolding(scene.secret), []);
      const bodies = api.seen.requests.map(({ body }) => body);
      assert.ok(bodies[0]?.includes("You are the worker of this test."));
    });
  }

  Deno.test("pi sends what the manifest's settings say of its model", async () => {
    const { api, scene } = ownService();
    await using _ = scene;
    const { code } = await scene.run("start", "worker", "--yes", "--prompt", "hello there");
    assert.equal(code, 0);
    const body = JSON.parse(api.seen.requests[0]!.body);
    assert.equal(body.model, "model-1");
    assert.equal(typeof body.max_tokens, "number");
    assert.equal(body.messages[0].role, "system");
  });

  Deno.test("pi on a terminal: its prompt comes first, a message is answered, tools are listed, exit is clean", async () => {
    const { api, scene } = knownService();
    await using _ = scene;
    using screen = scene.screen("start", "worker", "--yes", "--label", "Fix it");
    await screen.shows(/0\.0%\/[^]*claude/);
    assert.doesNotMatch(screen.text(), /log ?in|do you trust|trust this/i);
    screen.type("hello there");
    // Until it has started it keeps the line and says so.
    const answered = () => /Hello from the fake: hello there/.test(screen.text());
    for (let turn = 0; turn < 60 && !answered(); turn++) {
      screen.type("\r");
      await until(answered, 500);
    }
    assert.ok(answered(), screen.text());
    await screen.enter("/mcp", /→ mcp/);
    await screen.shows(/supervise +connected · 5 tools/);
    screen.type("\x1b");
    await until(() => !/MCP servers/.test(screen.page()));
    await screen.enter("/quit", /→ quit/);
    assert.equal(await screen.ended(), 0);
    assert.match(screen.text(), /\d+ s, [1-9]\d* requests?\b[^]*fix-it is kept; bot-bottle resume/);
    assert.deepEqual(api.seen.faults, []);
    assert.equal(screen.modes().bracketedPasteMode, false);
  });
}
