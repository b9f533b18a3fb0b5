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
