import assert from "node:assert/strict";
import { Scratch } from "./support.ts";

const BODY = { model: "m", max_tokens: 1, messages: [{ role: "user", content: "hello" }] };
const SEARCH = { ...BODY, tools: [{ type: "web_search_20250305", name: "web_search" }] };
const URL = "https://api.anthropic.com/v1/messages";
const JSON_TYPE = ["-H", "content-type: application/json"];

/** A bottle of an agent that claude runs. */
function scratch(allow = ""): Scratch {
  const at = new Scratch();
  at.bottle("work", `agent_provider: { template: claude, auth_token: MODEL_TOKEN${allow} }`);
  at.write("agents/worker.md", "---\nbottle: work\n---\n");
  Deno.writeTextFileSync(`${at.project}/body.json`, JSON.stringify(BODY));
  Deno.writeTextFileSync(`${at.project}/search.json`, JSON.stringify(SEARCH));
  return at;
}

async function verdict(at: Scratch, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await at.run(["egress", "test", ...args]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("egress test with an agent has its provider's routes, as start has; with bottles alone it has none, as run", async () => {
  using at = scratch();
  const request = [...JSON_TYPE, "--data-file", "body.json", "POST", URL];
  const allowed = await verdict(at, "--agent", "worker", ...request);
  assert.deepEqual(
    [allowed.verdict, allowed.rule, allowed.url, allowed.credential],
    ["allow", "api.anthropic.com", "https://api.anthropic.com:443/v1/messages", "Authorization"],
  );
  const bare = await verdict(at, "--bottle", "work", ...request);
  assert.deepEqual([bare.verdict, bare.code], ["deny", "host_not_allowed"]);
});

Deno.test("egress test looks into a body for a model API, as the proxy does", async () => {
  using at = scratch();
  const ask = (...args: string[]) => verdict(at, "--agent", "worker", ...args);
  const refused = await ask(...JSON_TYPE, "--data-file", "search.json", "POST", URL);
  assert.deepEqual([refused.verdict, refused.code, refused.status], [
    "deny",
    "model_api_tool",
    403,
  ]);
  assert.match(String(refused.reason), /"web_search_20250305"/);
  assert.match(String(refused.next), /add web_search to model_api\.allow/);
  const untyped = await ask("--data-file", "body.json", "POST", URL);
  assert.equal(untyped.code, "model_api_body");
  assert.equal((await ask("POST", URL)).code, "model_api_body");

  using wide = scratch(", settings: { allow: [web_search] }");
  const passed = await verdict(
    ...[wide, "--agent", "worker", ...JSON_TYPE, "--data-file", "search.json"] as const,
    ...["POST", `${URL}?key=x`] as const,
  );
  assert.deepEqual([passed.verdict, passed.url], [
    "allow",
    "https://api.anthropic.com:443/v1/messages",
  ]);
});
