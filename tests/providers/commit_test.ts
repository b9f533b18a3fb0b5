import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { until } from "../cli/support.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import { obedientModel } from "../fakes/model_api/model.ts";
import { AgentScene } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

const toolchains = await sharedToolchains("claude");

if (toolchains !== undefined) {
  Deno.test("a commit in the middle of an agent's work holds the conversation, and no credential", async () => {
    const api = new MessagesApi(
      obedientModel({ name: "Bash", input: (command) => ({ command, description: "as told" }) }),
    );
    const provider = "{ template: claude, auth_token: MODEL_TOKEN }";
    await using scene = new AgentScene(toolchains, provider, { "api.anthropic.com": api.serve });
    const script = "echo one > f; touch ready; until [ -e go ]; do sleep 0.1; done; echo two > f";
    const running = scene.run(
      ...["start", "worker", "--yes", "--label", "box", "--prompt", `run: ${script}`],
    );
    const workspace = "state/box/workspace";
    assert.ok(await until(() => scene.at.names(workspace).includes("ready"), 60_000));
    const committed = await scene.run("commit", "box");
    assert.equal(committed.code, 0, committed.stderr);
    assert.deepEqual(scene.filesHolding(scene.secret), [], "also not in the commit");
    Deno.writeTextFileSync(join(scene.at.home, workspace, "go"), "");
    const first = await running;
    assert.equal(first.code, 0, first.stderr);
    assert.equal(scene.workspaceFile("f"), "two\n");

    const second = await scene.run(
      ...["resume", "box", "--yes", "--prompt", "what did I ask first?"],
    );
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /starts from the commit of /);
    assert.match(second.stdout, /^You asked first: run: echo one > f;/);
    assert.equal(scene.workspaceFile("f"), "one\n");
    const third = await scene.run(
      ...["resume", "box", "--yes", "--prompt", "what did I ask first?"],
    );
    assert.match(third.stdout, /^You asked first: run: echo one > f;/, third.stderr);
    assert.ok(!third.stderr.includes("starts from the commit"));
  });
}
