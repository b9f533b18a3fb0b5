import assert from "node:assert/strict";
import { routeSchema } from "../core/route.ts";
import {
  credentialValue,
  withCredentials,
  withoutOverrides,
  withoutQueryCredentials,
} from "./credentials.ts";
import { isDenial } from "./denial.ts";
import { field } from "./header_list.ts";
import { compileRoutes, type Route } from "./route_table.ts";

function route(scheme?: string): Route {
  const auth = scheme === undefined ? {} : { auth: { scheme, token_ref: "REF" } };
  return compileRoutes([routeSchema.parse({ host: "example.com", ...auth })]).routes[0]!;
}

const token = (name: string) => name === "REF" ? "value" : undefined;
const OWN = [field("Authorization", "own"), field("X-Key", "own"), field("Accept", "*/*")];

function lines(given: Route, secure = true, lookup = token): string[] {
  const headers = withCredentials(OWN, given, secure, lookup);
  assert.ok(!isDenial(headers));
  return headers.map(({ raw, value }) => `${raw}: ${value}`);
}

Deno.test("withCredentials() puts the route's credential last and drops the agent's own", () => {
  assert.deepEqual(lines(route("Bearer")), [
    "X-Key: own",
    "Accept: */*",
    "Authorization: Bearer value",
  ]);
  assert.deepEqual(lines(route("token")).at(-1), "Authorization: token value");
  assert.deepEqual(lines(route("header:X-Key")), ["Accept: */*", "X-Key: value"]);
});

Deno.test("withCredentials() without auth leaves what the agent sent", () => {
  assert.equal(lines(route()).length, OWN.length);
});

Deno.test("withCredentials() adds nothing to plain http, and still drops the agent's own", () => {
  assert.deepEqual(lines(route("Bearer"), false), ["X-Key: own", "Accept: */*"]);
});

for (const value of [undefined, ""]) {
  Deno.test(`withCredentials() denies when the credential is ${JSON.stringify(value) ?? "not set"}`, () => {
    const refused = withCredentials(OWN, route("Bearer"), true, () => value);
    assert.ok(isDenial(refused));
    assert.equal(refused.code, "credential_missing");
  });
}

Deno.test("credentialValue() writes Basic from a pair, and from a token alone (RFC 7617)", () => {
  const auth = route("basic").auth!;
  assert.equal(credentialValue(auth, "user:pass"), `Basic ${btoa("user:pass")}`);
  assert.equal(credentialValue(auth, "alone"), `Basic ${btoa("alone:")}`);
});

Deno.test("withoutOverrides() takes every credential off a route to a model API, and leaves what is none", () => {
  const [given] = compileRoutes([
    routeSchema.parse({ host: "example.com", model_api: { kind: "openai-responses" } }),
  ]).routes;
  const plain = [
    ...["Anthropic-Beta", "Anthropic-Version", "ChatGPT-Account-Id", "OpenAI-Beta", "Session-Id"],
    ...["X-Stainless-Lang", "User-Agent", "Originator", "X-Codex-Turn-Metadata", "X-Token-Count"],
  ].map((name) => field(name, "x"));
  const keys = [
    "Authorization",
    "x_api_key",
    "ApiKey",
    "X-My-Token",
    "OpenAI-Organization",
    "Cookie",
  ]
    .map((name) => field(name, "x"));
  assert.deepEqual(withoutOverrides([...keys, ...plain], given!), plain);
});

function withQuery(query: string, document: Record<string, unknown>): string {
  const parsed = routeSchema.parse({ host: "api.example.com", ...document });
  return withoutQueryCredentials(query, compileRoutes([parsed]).routes[0]!);
}

Deno.test("withoutQueryCredentials() leaves the other parameters as they are", () => {
  const rows = [
    ["", ""],
    ["?", "?"],
    ["?beta=true", "?beta=true"],
    ["?key=x", ""],
    ["?API-Key=x&a=%20&access%5Ftoken=y&b", "?a=%20&b"],
    ["?a=1;key=x&b;c", "?a=1&b;c"],
    ["?token=x;key=y", ""],
    ["?keyword=x&tokens=2&max_key=1", "?keyword=x&tokens=2&max_key=1"],
    ["?a=1&&key", "?a=1&"],
  ] as const;
  const model_api = { kind: "openai-responses" };
  for (const [query, kept] of rows) assert.equal(withQuery(query, { model_api }), kept, query);
});

Deno.test("withoutQueryCredentials() on a route with auth takes what is a credential by its name", () => {
  const rows = [
    ["?access_token=x&a=1", "?a=1"],
    ["?apiKey=x", ""],
    ["?private_token=x&a=1;job-token=y", "?a=1"],
    ["?subscription-key=x&X-Goog-Api-Key=y&oauth_token", ""],
    ["?key=linux-node&token=page-2&per_page=1", "?key=linux-node&token=page-2&per_page=1"],
    ["?next_page_token=x&my_access_tokens=y", "?next_page_token=x&my_access_tokens=y"],
  ] as const;
  const auth = { scheme: "Bearer", token_ref: "REF" };
  for (const [query, kept] of rows) assert.equal(withQuery(query, { auth }), kept, query);
});

Deno.test("withoutQueryCredentials() knows the names that go with a route's own header and host", () => {
  const auth = (scheme: string) => ({ auth: { scheme, token_ref: "REF" } });
  const google = auth("header:x-goog-api-key");
  assert.equal(withQuery("?key=x&alt=sse", google), "?alt=sse");
  assert.equal(withQuery("?%6beY=x", google), "");
  const host = { host: "generativelanguage.googleapis.com" };
  assert.equal(withQuery("?key=x&alt=sse", { ...auth("Bearer"), ...host }), "?alt=sse");
  assert.equal(withQuery("?circle-token=x&a", auth("header:Circle-Token")), "?a");
  assert.equal(withQuery("?circle-token=x&a", auth("Bearer")), "?circle-token=x&a");
});

Deno.test("withoutQueryCredentials() leaves a route alone that adds nothing", () => {
  assert.equal(withQuery("?access_token=x&key=y", {}), "?access_token=x&key=y");
});
