import assert from "node:assert/strict";
import { claude } from "./claude.ts";
import { PLACEHOLDER, type PlanRequest } from "./provider.ts";
import { samplePlanRequest, sources } from "./test_fixture.ts";

const CONFIG = { template: "claude", auth_token: "CLAUDE_TOKEN" };
const credentialOf = (value: string) =>
  claude.credential!(CONFIG, sources({ variables: { CLAUDE_TOKEN: value } }));
const KEY = ["sk", "ant", "api03", "x"].join("-");

Deno.test("claude tells an API key from a token of its login, and sends each in its own header", () => {
  for (
    const [value, form, scheme] of [[KEY, "api_key", "header:x-api-key"], ["t", "oauth", "Bearer"]]
  ) {
    const credential = credentialOf(value!);
    assert.equal(credential.form, form);
    assert.equal(claude.routes(CONFIG, credential)[0]?.auth?.scheme, scheme);
  }
});

Deno.test("claude does not start without a credential, and says which variable is missing", () => {
  assert.throws(() => claude.credential!({ template: "claude" }, sources({})), {
    code: "provider_credential",
    hint: /auth_token: NAME/,
  });
  for (const variables of [{}, { CLAUDE_TOKEN: "  " }]) {
    assert.throws(
      () => claude.credential!(CONFIG, sources({ variables })),
      /CLAUDE_TOKEN is not set/,
    );
  }
});

Deno.test("claude takes the space around a credential off, and refuses one that no header can hold", () => {
  assert.equal(credentialOf(` ${KEY}\n`).form, "api_key");
  for (const value of ["a b", "a\nb", "a\0b", "ä"]) {
    assert.throws(
      () => credentialOf(value),
      (error: Error) =>
        /the host variable CLAUDE_TOKEN/.test(error.message) && !error.message.includes(value),
    );
  }
});

Deno.test("claude's home is the same with a key and with a login: a bottle can be resumed with the other", () => {
  const [one, other] = [KEY, "t"].map((value) =>
    claude.plan(samplePlanRequest(CONFIG, { credential: credentialOf(value) })).home
  );
  assert.deepEqual(one, other);
});

Deno.test("claude's plan holds no credential, whatever the host's variable holds", () => {
  for (const value of [KEY, "a-token-of-the-login"]) {
    const plan = claude.plan(samplePlanRequest(CONFIG, { credential: credentialOf(value) }));
    assert.ok(!JSON.stringify(plan).includes(value));
    assert.ok(JSON.stringify(plan.env).includes(PLACEHOLDER));
  }
});

Deno.test("claude's plan answers every question that would stand before the prompt", () => {
  const { home } = claude.plan(samplePlanRequest(CONFIG, { credential: credentialOf(KEY) }));
  const [configuration, settings] = home.map(({ content }) => JSON.parse(content));
  assert.equal(configuration.hasCompletedOnboarding, true);
  assert.equal(configuration.bypassPermissionsModeAccepted, true);
  assert.deepEqual(configuration.projects, { "/workspace": { hasTrustDialogAccepted: true } });
  assert.deepEqual(configuration.customApiKeyResponses.approved, [PLACEHOLDER.slice(-20)]);
  assert.equal(configuration.mcpServers.supervise.url, "http://supervise:9100/mcp");
  assert.equal(settings.skipDangerousModePermissionPrompt, true);
});

Deno.test("claude's arguments: session, prompt, resume, further ones of the manifest", () => {
  const argv = (some: Partial<PlanRequest>, config = {}) =>
    claude.plan(samplePlanRequest({ ...CONFIG, ...config }, some)).argv.slice(1).join(" ");
  assert.equal(
    argv({ systemPrompt: "Be brief." }),
    "--dangerously-skip-permissions --append-system-prompt-file /fixed/system-prompt.md",
  );
  assert.equal(argv({ prompt: "-x" }), "--dangerously-skip-permissions --print -- -x");
  assert.equal(argv({ resumed: true }), "--dangerously-skip-permissions --continue");
  const id = "0f0e1d2c-3b4a-4958-8776-655443322110";
  assert.equal(
    argv({ resumed: true, session: `.claude/projects/-workspace/${id}.jsonl` }),
    `--dangerously-skip-permissions --resume ${id}`,
  );
  assert.equal(
    argv({ resumed: true, session: ".claude/projects/-workspace/--help.jsonl" }),
    "--dangerously-skip-permissions --continue",
  );
  assert.match(argv({}, { settings: { startup_args: ["--model", "m"] } }), / --model m$/);
});

Deno.test("claude's search is off unless the manifest allows it", () => {
  const settings = (allow: string[]) =>
    JSON.parse(
      claude.plan(samplePlanRequest({ ...CONFIG, settings: { allow } })).home[1]!.content,
    );
  assert.deepEqual(settings([]).permissions, { deny: ["WebSearch"] });
  assert.equal(settings(["web_search"]).permissions, undefined);
});

Deno.test("claude's route lets the Messages API do on its side what the manifest allows", () => {
  const modelApi = (allow?: string[]) =>
    claude.routes({ ...CONFIG, settings: allow && { allow } }, undefined)[0]?.model_api;
  assert.deepEqual(modelApi(), { kind: "anthropic-messages" });
  assert.deepEqual(modelApi([]), { kind: "anthropic-messages" });
  assert.deepEqual(modelApi(["web_fetch", "files"]), {
    kind: "anthropic-messages",
    allow: ["files", "web_fetch"],
  });
});
