import assert from "node:assert/strict";
import { pi } from "./pi.ts";
import { PLACEHOLDER } from "./provider.ts";
import { samplePlanRequest, sources } from "./test_fixture.ts";

const OWN = {
  provider: "own",
  base_url: "https://models.example.org:8443/llm/v1/",
  api: "openai-completions",
  models: ["m1", "m2"],
};
const config = (settings: Record<string, unknown>, more = {}) => ({
  template: "pi",
  settings,
  ...more,
});
const models = (settings: Record<string, unknown>) =>
  JSON.parse(pi.plan(samplePlanRequest(config(settings))).home[0]!.content).providers;

Deno.test("pi's route leads to its base URL, and to the one endpoint of its kind of API", () => {
  const [route] = pi.routes(config({ ...OWN, api_key_env: "KEY" }), undefined);
  assert.deepEqual(
    [route?.host, route?.ports, route?.auth, route?.matches],
    [
      "models.example.org",
      [8443],
      { scheme: "Bearer", token_ref: "KEY" },
      [{ methods: ["POST"], paths: [{ type: "exact", value: "/llm/v1/chat/completions" }] }],
    ],
  );
});

Deno.test("pi's route without a credential has none, and an address is reached as the manifest names it", () => {
  const [route] = pi.routes(config({ ...OWN, base_url: "http://192.0.2.7/v1" }), undefined);
  assert.equal(route?.auth, undefined);
  assert.deepEqual([route?.insecure_http, route?.allow_private, route?.ports], [true, true, [80]]);
});

Deno.test("pi knows anthropic and openai, and asks for everything of another service", () => {
  assert.equal(pi.routes(config({}), undefined)[0]?.host, "api.anthropic.com");
  assert.equal(pi.routes(config({ provider: "openai" }), undefined)[0]?.host, "api.openai.com");
  for (
    const [missing, said] of [["base_url", /base_url is/], ["api", /api is/], [
      "models",
      /models is/,
    ]] as const
  ) {
    const { [missing]: _, ...rest } = OWN;
    assert.throws(() => pi.routes(config(rest), undefined), said);
  }
  assert.throws(() => pi.routes(config({ ...OWN, api: "odd" }), undefined), /not one of/);
});

Deno.test("pi's models.json says what the settings say, with a placeholder for the key", () => {
  assert.deepEqual(
    models({ ...OWN, reasoning: true, developer_role: false, max_tokens_field: "max_tokens" }),
    {
      own: {
        baseUrl: "https://models.example.org:8443/llm/v1",
        apiKey: PLACEHOLDER,
        compat: { supportsDeveloperRole: false, maxTokensField: "max_tokens" },
        api: "openai-completions",
        models: [{ id: "m1", reasoning: true }, { id: "m2", reasoning: true }],
      },
    },
  );
  assert.equal(models({ ...OWN, api_key: "local" }).own.apiKey, "local");
  assert.equal(models({}).anthropic.models, undefined);
});

Deno.test("pi's credential is looked up before it starts", () => {
  const wanted = config({ ...OWN, api_key_env: "KEY" });
  assert.deepEqual(pi.credentialVariables?.(wanted), ["KEY"]);
  assert.throws(() => pi.credential!(wanted, sources({})), /KEY is not set/);
  assert.equal(pi.credential!(wanted, sources({ variables: { KEY: "k" } })).form, "api_key");
  assert.equal(pi.credential!(config(OWN), sources({})).form, "none");
});

Deno.test("pi's route is checked as its kind of API, and one that cannot be checked must be allowed as a whole", () => {
  const modelApi = (settings: Record<string, unknown>) =>
    pi.routes(config(settings), undefined)[0]?.model_api;
  assert.deepEqual(modelApi(OWN), { kind: "openai-completions" });
  assert.deepEqual(modelApi({}), { kind: "anthropic-messages" });
  assert.deepEqual(modelApi({ provider: "openai", allow: ["web_search"] }), {
    kind: "openai-responses",
    allow: ["web_search"],
  });
  const google = { ...OWN, api: "google-generative-ai" };
  assert.throws(() => modelApi(google), /cannot be checked; allow: \[hosted_tools\]/);
  assert.equal(modelApi({ ...google, allow: ["hosted_tools"] }), undefined);
});

Deno.test("pi's literal key is the only one that its requests may carry", () => {
  const headers = (settings: Record<string, unknown>) => {
    const given = config({ ...OWN, ...settings });
    return pi.routes(given, pi.credential!(given, sources({ variables: { KEY: "k" } })))[0]
      ?.matches?.[0]?.headers;
  };
  assert.deepEqual(headers({ api_key: "public" }), [
    { name: "authorization", value: "Bearer public", type: "exact" },
  ]);
  assert.deepEqual(headers({ api_key: "public", api: "anthropic-messages" }), [
    { name: "x-api-key", value: "public", type: "exact" },
  ]);
  assert.equal(headers({}), undefined);
  assert.equal(headers({ api_key_env: "KEY" }), undefined);
});

Deno.test("pi refuses a credential over http, where the sidecar would not send it", () => {
  const base_url = "http://models.internal:11434/v1";
  for (
    const given of [
      config({ ...OWN, base_url, api_key_env: "KEY" }),
      config({ ...OWN, base_url }, { auth_token: "KEY" }),
    ]
  ) {
    assert.throws(() => pi.routes(given, undefined), {
      code: "provider_settings",
      hint: /write https .* literal api_key/,
    });
  }
  assert.equal(pi.routes(config({ ...OWN, base_url, api_key: "public" }), undefined).length, 1);
});

Deno.test("pi's base URL is one server and a path, and says so where it is not", () => {
  for (
    const [base_url, said] of [
      ["https://:443/v1", /expected an http or https URL/],
      ["https://[::1/v1", /expected an http or https URL/],
      ["https://models.example.org:99999/v1", /expected an http or https URL/],
      ["ftp://models.example.org/v1", /expected an http or https URL/],
      ["https:/models.example.org/v1", /expected an http or https URL/],
      ["https://*.example.org/v1", /name one server/],
      ["https://me@models.example.org/v1", /user name/],
      ["https://models.example.org/v1?key=x", /query/],
      ["https://models.example.org/v1#part", /fragment/],
      ["https://models.example.org//v1", /empty part/],
      ["https://models.example.org/v1//", /empty part/],
      ["https://models.example.org\\v1", /backslash/],
      ["https://models.example.org:0/v1", /port 0/],
    ] as const
  ) {
    const result = pi.settings.safeParse({ ...OWN, base_url });
    assert.match(String(result.error?.issues[0]?.message), said, base_url);
    assert.throws(() => pi.routes(config({ ...OWN, base_url }), undefined), {
      code: "provider_settings",
    });
  }
  for (const base_url of ["https://models.example.org", "https://[2001:db8::7]:8443/llm/v1/"]) {
    assert.equal(pi.settings.safeParse({ ...OWN, base_url }).success, true, base_url);
    assert.equal(pi.routes(config({ ...OWN, base_url }), undefined).length, 1);
  }
});

Deno.test("pi's prompt that begins with @ names no file", () => {
  const last = (prompt: string) => pi.plan(samplePlanRequest(config({}), { prompt })).argv.at(-1);
  assert.deepEqual(["@/etc/hostname hi", "a @b"].map(last), [" @/etc/hostname hi", "a @b"]);
});

Deno.test("pi does not start with a base URL that a bottle would take for itself", () => {
  for (
    const host of [
      "localhost",
      "127.0.0.1",
      "127.1",
      "[::1]",
      "0.0.0.0",
      "a.localhost",
      "supervise",
    ]
  ) {
    const base_url = `http://${host}:11434/v1`;
    assert.throws(() => pi.routes(config({ ...OWN, base_url }), undefined), {
      code: "provider_settings",
      message: /in a bottle, .* is the bottle itself/,
      hint: /models\.internal/,
    }, host);
  }
});

Deno.test("pi reaches private addresses by a name that nobody else has", () => {
  const isPrivate = (host: string) =>
    pi.routes(config({ ...OWN, base_url: `http://${host}:11434/v1` }), undefined)[0]?.allow_private;
  for (const host of ["models.internal", "box.local", "box.home.arpa", "box", "192.0.2.7"]) {
    assert.equal(isPrivate(host), true, host);
  }
  for (const host of ["models.example.org", "local.example.org", "internal.com"]) {
    assert.equal(isPrivate(host), undefined, host);
  }
});
