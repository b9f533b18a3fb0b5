import assert from "node:assert/strict";
import { PLACEHOLDER } from "../../providers/provider.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import { obedientModel } from "../fakes/model_api/model.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

const HOST = "api.anthropic.com";
const toolchains = await sharedToolchains("claude");

/** A scene with Claude Code, whose API is a fake that does what it is told. */
function claudeScene(more = "") {
  const api = new MessagesApi(obedientModel(
    { name: "Bash", input: (command) => ({ command, description: "as told" }) },
    { name: "Write", input: (file_path, content) => ({ file_path, content }) },
  ));
  const provider = `{ template: claude, auth_token: MODEL_TOKEN${more} }`;
  const scene = new AgentScene(toolchains!, provider, { [HOST]: api.serve });
  return { api, scene };
}

if (toolchains !== undefined) {
  Deno.test("claude does a task by start --prompt, and resume goes on with the conversation", async () => {
    const { api, scene } = claudeScene();
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
    assert.match(second.stdout, /^You asked first: create hello\.txt and commit it \(\d+ answers/);
    assert.deepEqual(api.seen.faults, []);

    const tokens = api.seen.requests.map(({ headers }) => headers["authorization"]);
    assert.deepEqual(new Set(tokens), new Set([`Bearer ${scene.secret}`]));
    assert.ok(!api.seen.text().includes(PLACEHOLDER), "the placeholder left the bottle");
    assert.deepEqual(scene.filesHolding(scene.secret), []);
    assert.deepEqual(new Set(scene.proxy.asked), new Set([`${HOST}:443`]));
    const bodies = api.seen.to("/v1/messages").map(({ body }) => body);
    assert.ok(bodies.some((body) => body.includes("You are the worker of this test.")));
  });

  Deno.test("claude in a bottle shows no credential to whoever looks for one", async () => {
    const { api, scene } = claudeScene();
    await using _ = scene;
    const { code, stdout } = await scene.run(
      ...["start", "worker", "--yes", "--prompt", "run: env; cat /proc/*/environ ~/.claude.json"],
    );
    assert.equal(code, 0);
    assert.match(stdout, /HTTPS_PROXY/);
    assert.match(stdout, new RegExp(PLACEHOLDER));
    assert.ok(!stdout.includes(scene.secret));
    // What the tool printed went to the model, with the placeholder in it: nothing there is secret.
    assert.deepEqual(api.seen.faults, []);
  });
}
