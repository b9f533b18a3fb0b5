import assert from "node:assert/strict";
import { codex } from "./codex.ts";
import { samplePlanRequest, sources } from "./test_fixture.ts";

const FORWARD = { template: "codex", forward_host_credentials: true };
const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
const tokenUntil = (exp: number) => [part({ alg: "RS256" }), part({ exp }), "signature"].join(".");
const login = (tokens: unknown) =>
  sources({ files: { ".codex/auth.json": JSON.stringify({ tokens }) } });

Deno.test("codex takes the login of the host, and tells the bottle its account alone", () => {
  const access_token = tokenUntil(2_000_000_000);
  const credential = codex.credential!(FORWARD, login({ access_token, account_id: "account-1" }));
  assert.deepEqual(Object.values(credential.tokens), [access_token]);
  const [route] = codex.routes(FORWARD, credential);
  assert.equal(route?.host, "chatgpt.com");
  assert.equal(route?.auth?.token_ref, Object.keys(credential.tokens)[0]);
  const plan = JSON.stringify(codex.plan(samplePlanRequest(FORWARD, { credential })));
  assert.ok(!plan.includes(access_token));
  assert.ok(plan.includes("account-1"));
});

Deno.test("codex takes an API key that codex stored on the host", () => {
  const key = ["stored", "key"].join("-");
  const credential = codex.credential!(
    FORWARD,
    sources({ files: { ".codex/auth.json": JSON.stringify({ OPENAI_API_KEY: key }) } }),
  );
  const [route] = codex.routes(FORWARD, credential);
  assert.deepEqual([credential.form, route?.host], ["api_key", "api.openai.com"]);
  assert.equal(credential.tokens[route?.auth?.token_ref ?? ""], key);
});

Deno.test("codex refuses a login that is missing, broken, or has run out", () => {
  const old = tokenUntil(1_000_000_000);
  for (
    const host of [
      sources({}),
      sources({ files: { ".codex/auth.json": "no json" } }),
      sources({ files: { ".codex/auth.json": "[]" } }),
      login({ access_token: 5 }),
      login({ access_token: old, account_id: "account-1" }),
    ]
  ) {
    assert.throws(() => codex.credential!(FORWARD, host), {
      code: "provider_credential",
      hint: /codex login/,
    });
  }
});

Deno.test("codex's system prompt is a TOML string, whatever stands in it", () => {
  const prompt = 'say "\\" and \n\t€\x7f\u0001';
  const { argv } = codex.plan(samplePlanRequest({ template: "codex" }, { systemPrompt: prompt }));
  const value = argv.find((word) => word.startsWith("developer_instructions="))!;
  const text = value.slice("developer_instructions=".length);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x1f\x7f]/);
  assert.equal(JSON.parse(text), prompt);
});

Deno.test("codex's uploads and search are off unless the manifest allows them", () => {
  const of = (allow: string[]) => {
    const config = { template: "codex", auth_token: "KEY", settings: { allow } };
    return {
      route: JSON.stringify(codex.routes(config, undefined)),
      files: JSON.stringify(codex.plan(samplePlanRequest(config)).home),
    };
  };
  assert.ok(!of([]).route.includes("/v1/files") && of(["files"]).route.includes("/v1/files"));
  assert.match(of([]).files, /web_search = \\"disabled/);
  assert.doesNotMatch(of(["web_search"]).files, /web_search/);
});

Deno.test("codex's routes lead to the Responses API, with a key and with a login", () => {
  for (const auth of [{ auth_token: "KEY" }, { forward_host_credentials: true }]) {
    const config = { template: "codex", ...auth, settings: { allow: ["hosted_tools"] } };
    assert.deepEqual(
      codex.routes(config, undefined).map(({ model_api }) => model_api),
      [{ kind: "openai-responses", allow: ["hosted_tools"] }],
    );
  }
});
