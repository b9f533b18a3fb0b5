import assert from "node:assert/strict";
import { CompletionsApi } from "../fakes/model_api/completions_api.ts";
import { MessagesApi } from "../fakes/model_api/messages_api.ts";
import type { Model } from "../fakes/model_api/model.ts";
import type { Requests } from "../fakes/model_api/recorded.ts";
import { ResponsesApi } from "../fakes/model_api/responses_api.ts";
import { AgentScene, type Upstreams } from "./agent_scene.ts";
import { sharedToolchains } from "./toolchain_cache.ts";

type FakeApi = { readonly seen: Requests; readonly serve: Upstreams[string] };

/** A provider with each shape of API that its CLI speaks. */
interface Subject {
  readonly toolchain: string;
  /** YAML of `agent_provider`. */
  readonly provider: string;
  readonly host: string;
  readonly shape: string;
  readonly api: FakeApi;
}

const model: Model = () => ({ text: "Hello from the fake" });
const OWN = `provider: own, base_url: "https://models.example.org/v1", api: openai-completions, ` +
  "models: [model-1], max_tokens_field: max_tokens, developer_role: false";
const SUBJECTS: readonly Subject[] = [
  {
    toolchain: "claude",
    provider: "{ template: claude, auth_token: MODEL_TOKEN }",
    host: "api.anthropic.com",
    shape: "anthropic-messages",
    api: new MessagesApi(model),
  },
  {
    toolchain: "codex",
    provider: "{ template: codex, auth_token: MODEL_TOKEN }",
    host: "api.openai.com",
    shape: "openai-responses",
    api: new ResponsesApi(model),
  },
  {
    toolchain: "pi",
    provider: "{ template: pi, settings: { provider: anthropic, api_key_env: MODEL_TOKEN } }",
    host: "api.anthropic.com",
    shape: "anthropic-messages",
    api: new MessagesApi(model),
  },
  {
    toolchain: "pi",
    provider: `{ template: pi, auth_token: MODEL_TOKEN, settings: { ${OWN} } }`,
    host: "models.example.org",
    shape: "openai-completions",
    api: new CompletionsApi(model),
  },
];

const grouped = (count: number) => count.toLocaleString("en-US");

for (const { toolchain, provider, host, shape, api } of SUBJECTS) {
  const toolchains = await sharedToolchains(toolchain);
  if (toolchains === undefined) continue;
  Deno.test(`the tokens of ${toolchain} at ${host} are in the summary and in the log, as its API told them`, async () => {
    await using scene = new AgentScene(toolchains, provider, { [host]: api.serve });
    const { told, faults } = api.seen;
    for (const command of [["start", "worker", "--label", "Count"], ["resume", "count"]]) {
      const before = { ...told };
      using screen = scene.screen(...command, "--yes", "--prompt", "hello there");
      assert.equal(await screen.ended(120_000), 0, screen.text());
      assert.match(screen.text(), /Hello from the fake/);
      const [input, cached, output] = (["input", "cached", "output"] as const)
        .map((name) => grouped(told[name] - before[name]));
      assert.notEqual(output, "0");
      const summary = screen.text().replaceAll(/\s+(?:bot-bottle: )?/g, " ");
      const expected = `, ${input} tokens in (${cached} cached), ${output} out`;
      assert.ok(summary.includes(expected), `${expected} is not in ${summary}`);
    }
    assert.deepEqual(faults, []);

    const { stdout } = await scene.run("logs", "count", "--json");
    const events = stdout.trim().split("\n").map((line) => JSON.parse(line))
      .filter(({ type }) => type === "usage");
    const sum = (...names: string[]) =>
      events.reduce((sum, event) => sum + names.reduce((all, name) => all + event[name], 0), 0);
    assert.equal(sum("input", "cache_read", "cache_write"), told.input);
    assert.equal(sum("cache_read"), told.cached);
    assert.equal(sum("output"), told.output);
    for (const event of events) {
      assert.deepEqual([event.host, event.api, event.complete], [host, shape, true]);
      assert.notEqual(event.model, "");
    }
    assert.match((await scene.run("logs", "count")).stdout, /tokens \S+ \S+ {2}\d+ tokens in/);
  });
}
