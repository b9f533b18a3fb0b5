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

Deno.test("codex follows auth_mode as the CLI does, and shows what will run before anybody agrees", () => {
  const key = ["stored", "key"].join("-");
  const tokens = { access_token: tokenUntil(2_000_000_000), account_id: "account-1" };
  for (
    const [stored, form, host] of [
      [{ auth_mode: "chatgpt", OPENAI_API_KEY: key, tokens }, "chatgpt", "chatgpt.com"],
      [{ auth_mode: "apikey", OPENAI_API_KEY: key, tokens }, "api_key", "api.openai.com"],
      [{ auth_mode: null, OPENAI_API_KEY: key, tokens }, "api_key", "api.openai.com"],
      [{ OPENAI_API_KEY: null, tokens }, "chatgpt", "chatgpt.com"],
    ] as const
  ) {
    const at = sources({ files: { ".codex/auth.json": JSON.stringify(stored) } });
    const credential = codex.credential!(FORWARD, at);
    assert.deepEqual([codex.form!(FORWARD, at), credential.form], [form, form]);
    const shown = codex.routes(FORWARD, { form, tokens: {}, facts: {} });
    assert.deepEqual(shown, codex.routes(FORWARD, credential));
    assert.equal(shown[0]?.host, host);
    assert.deepEqual(Object.keys(credential.tokens), [shown[0]?.auth?.token_ref]);
  }
  assert.equal(codex.form!(FORWARD, sources({})), undefined);
  assert.equal(codex.form!({ template: "codex", auth_token: "KEY" }, sources({})), undefined);
});

Deno.test("codex names what is wrong with a login of the host, and never shows it", () => {
  const token = tokenUntil(2_000_000_000);
  const account_id = "account-1";
  for (
    const [stored, said] of [
      [{ auth_mode: "agentIdentity", tokens: { access_token: token } }, /"agentIdentity" cannot/],
      [{ auth_mode: "apikey", OPENAI_API_KEY: null }, /auth\.json holds no API key/],
      [{ auth_mode: "apikey", OPENAI_API_KEY: "a\nb" }, /credential in ~\/\.codex\/auth\.json/],
      [{ tokens: { access_token: `${token}\0`, account_id } }, /credential in ~\/\.codex/],
      [{ tokens: { access_token: " ", account_id } }, /holds no access token/],
      [{ tokens: { access_token: token } }, /names no account/],
      [{ tokens: { access_token: token, account_id: "a b" } }, /credential in ~\/\.codex/],
    ] as const
  ) {
    const at = sources({ files: { ".codex/auth.json": JSON.stringify(stored) } });
    assert.throws(
      () => codex.credential!(FORWARD, at),
      (error: Error & { code?: string }) =>
        error.code === "provider_credential" && said.test(error.message) &&
        !error.message.includes(token),
      JSON.stringify(stored),
    );
  }
});

Deno.test("codex finds the account in the token where auth.json does not name it", () => {
  const claim = { "https://api.openai.com/auth": { chatgpt_account_id: "account-2" } };
  const access_token = [part({ alg: "RS256" }), part(claim), "signature"].join(".");
  assert.equal(codex.credential!(FORWARD, login({ access_token })).facts.account, "account-2");
});

Deno.test("codex looks for the login of the host where CODEX_HOME says", () => {
  const access_token = tokenUntil(2_000_000_000);
  const text = JSON.stringify({ tokens: { access_token, account_id: "account-1" } });
  const at = (CODEX_HOME: string) =>
    sources({ variables: { CODEX_HOME }, files: { "/srv/codex/auth.json": text } });
  assert.equal(codex.credential!(FORWARD, at("/srv/codex/")).form, "chatgpt");
  assert.throws(() => codex.credential!(FORWARD, at("")), /not logged in/);
  assert.throws(() => codex.credential!(FORWARD, at("codex")), {
    message: /CODEX_HOME is not an absolute path/,
    hint: /unset it/,
  });
});

Deno.test("codex's prompt of a hyphen alone is no stdin", () => {
  const last = (prompt: string) =>
    codex.plan(samplePlanRequest({ template: "codex" }, { prompt })).argv.at(-1);
  assert.deepEqual(["-", "-x", "- a"].map(last), [" -", "-x", "- a"]);
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
