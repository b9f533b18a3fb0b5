import assert from "node:assert/strict";
import { getFields, Http2Client } from "../support/http2_client.ts";
import { ALLOWED, ATTACKER, get, Scene } from "./egress_scene.ts";

/** Credentials of the agent's own; none may stand beside the real one. */
const OWN_CREDENTIALS = [
  "Authorization: Bearer own",
  "authorization: Bearer own",
  "AUTHORIZATION:Bearer own",
  "Proxy-Authorization: Basic b3duOm93bg==",
  "X-Api-Key: own",
  "Api-Key: own",
  "X-Goog-Api-Key: own",
  "X-Auth-Token: own",
  "Private-Token: own",
  "Cookie: session=own",
];
for (const credential of OWN_CREDENTIALS) {
  Deno.test(`B8 ${credential} is replaced by the route's own credential`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    for (let request = 0; request < 2; request++) {
      await client.ask(get("/", [credential, credential, "X: kept"]));
    }
    for (const { head, headers } of scene.allowed.requests) {
      assert.doesNotMatch(head, /own/);
      assert.equal(headers.get("authorization"), `Bearer ${scene.token}`);
      assert.equal(headers.get("x"), "kept");
    }
    assert.equal(scene.allowed.requests.length, 2);
  });
}

Deno.test("B8 a header that Connection names is not a way to drop the credential", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  await client.ask(get("/", ["Connection: authorization, host, content-length, x-kept"]));
  const { headers } = scene.allowed.onlyRequest;
  assert.equal(headers.get("authorization"), `Bearer ${scene.token}`);
  assert.equal(headers.get("host"), ALLOWED);
});

Deno.test("B8 a route with a header of its own replaces that one", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([
    { host: ALLOWED, auth: { scheme: "header:X-Custom-Key", token_ref: "EGRESS_TOKEN_0" } },
  ]);
  using client = await scene.tunnel();
  await client.ask(get("/", ["x-custom-key: own", "X-CUSTOM-KEY: own too"]));
  const { headers } = scene.allowed.onlyRequest;
  assert.equal(headers.get("x-custom-key"), scene.token);
});

const ROUTING = [
  `Forwarded: host=${ATTACKER}`,
  `X-Forwarded-Host: ${ATTACKER}`,
  `X-Forwarded-Server: ${ATTACKER}`,
  `X-Host: ${ATTACKER}`,
  `X-Original-Host: ${ATTACKER}`,
  "X-Original-URL: /admin",
  "X-Rewrite-URL: /admin",
  "X-Real-IP: 127.0.0.1",
  "X-Client-IP: 127.0.0.1",
  "True-Client-IP: 127.0.0.1",
];
for (const header of ROUTING) {
  Deno.test(`B8 ${header} does not reach the upstream`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    assert.equal((await client.ask(get("/", [header])))?.status, 200);
    const name = header.split(":")[0]!.toLowerCase();
    assert.equal(scene.allowed.onlyRequest.headers.has(name), false);
  });
}

Deno.test("B8 a thousand headers are refused, on HTTP/1.1 and HTTP/2", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const many = Array.from({ length: 1_000 }, (_, at) => `X-${at}: a`);
  scene.assertRefused(await client.ask(get("/", many)), "headers_too_large");
  using second = await Http2Client.start(await scene.tunnel(["h2"]));
  const fields = many.map((_, at) => [`x-${at}`, "a"] as const);
  await second.request(1, getFields(ALLOWED, "/", fields));
  const { status, reset, goAway, closed } = await second.outcome(1);
  assert.ok(status === 431 || reset !== undefined || goAway !== undefined || closed, `${status}`);
  scene.assertNothingSent();
});

Deno.test("B8 every line of a repeated header counts for a match", async () => {
  await using scene = await Scene.start();
  const headers = [{ name: "x-team", value: "blue" }];
  scene.egress.reload([scene.route({ matches: [{ headers }] })]);
  using client = await scene.tunnel();
  scene.assertRefused(await client.ask(get("/")), "request_not_allowed");
  for (const order of [["blue", "red"], ["red", "blue"], ["blue, red"]]) {
    const fields = order.map((value) => `X-Team: ${value}`);
    scene.assertRefused(await client.ask(get("/", fields)), "request_not_allowed");
  }
  assert.equal((await client.ask(get("/", ["X-Team: blue"])))?.status, 200);
});

Deno.test("B8 two Host headers are refused, equal ones too", async () => {
  await using scene = await Scene.start();
  for (const second of [ALLOWED, ATTACKER]) {
    using client = await scene.tunnel();
    const answer = await client.ask(get("/", [`Host: ${second}`]));
    scene.assertRefused(answer, "malformed_request");
  }
});
