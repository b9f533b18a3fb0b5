import assert from "node:assert/strict";
import { agentProviderField } from "./provider_schema.ts";

const accepts = (value: unknown) => agentProviderField.safeParse(value).success;

Deno.test("agent_provider takes the four templates and no other", () => {
  for (const template of ["claude", "codex", "pi", "command"]) assert.ok(accepts({ template }));
  assert.ok(!accepts({ template: "gemini" }));
  assert.ok(!accepts({ auth_token: "X" }));
});

Deno.test("agent_provider.auth_token is the name of a variable", () => {
  assert.ok(accepts({ template: "claude", auth_token: "CLAUDE_OAUTH" }));
  assert.ok(!accepts({ template: "claude", auth_token: "a-secret-value" }));
});

Deno.test("agent_provider.forward_host_credentials is for codex alone", () => {
  assert.ok(accepts({ template: "codex", forward_host_credentials: true }));
  for (const template of ["claude", "pi", "command"]) {
    assert.ok(accepts({ template, forward_host_credentials: false }));
    const result = agentProviderField.safeParse({ template, forward_host_credentials: true });
    assert.match(result.error?.issues[0]?.message ?? "", /only the codex template/);
  }
});

Deno.test("agent_provider.settings takes pi's keys for pi alone", () => {
  const settings = {
    startup_args: ["--x"],
    provider: "local",
    base_url: "https://models.example.com/v1",
    api: "openai-completions",
    api_key_env: "MODELS_KEY",
    models: ["m"],
    max_tokens_field: "max_tokens",
    reasoning: false,
    developer_role: false,
  };
  assert.ok(accepts({ template: "pi", settings }));
  assert.ok(!accepts({ template: "claude", settings }));
  assert.ok(accepts({ template: "claude", settings: { startup_args: ["--x"] } }));
});

Deno.test("agent_provider.settings takes api_key or api_key_env, not both", () => {
  assert.ok(accepts({ template: "pi", settings: { api_key: "x" } }));
  assert.ok(!accepts({ template: "pi", settings: { api_key: "x", api_key_env: "X" } }));
});

Deno.test("agent_provider.settings.allow names what a provider may do on its side", () => {
  for (const template of ["claude", "codex", "pi"]) {
    const allow = ["files", "web_search", "web_fetch", "hosted_tools"];
    assert.ok(accepts({ template, settings: { allow } }));
    assert.ok(!accepts({ template, settings: { allow: ["everything"] } }));
  }
  assert.ok(!accepts({ template: "command", settings: { allow: ["files"] } }));
});
