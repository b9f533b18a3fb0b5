import assert from "node:assert/strict";
import { openBareTunnel, RawClient } from "../support/raw_client.ts";
import { ALLOWED, ATTACKER, get, post, Scene } from "./egress_scene.ts";

const ABSOLUTE = `http://${ALLOWED}`;

Deno.test("A12 plain http to an allowed host needs insecure_http", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  scene.assertRefused(
    await client.ask(get(`${ABSOLUTE}/`)),
    "http_not_allowed",
    "port_not_allowed",
  );
  scene.assertRefused(
    await client.ask(get(`${ABSOLUTE}:443/`)),
    "http_not_allowed",
    "port_not_allowed",
  );
});

Deno.test("A12 plain http to a host that is not allowed is refused on every request", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  for (let request = 0; request < 2; request++) {
    const answer = await client.ask(get(`http://${ATTACKER}/log?t=1`, [], ATTACKER));
    scene.assertRefused(answer, "host_not_allowed");
  }
});

Deno.test("A12 plain http carries no credential, and goes by the URL and not by Host", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true })]);
  using client = await scene.egress.client();
  for (let request = 0; request < 2; request++) {
    const answer = await client.ask(get(`${ABSOLUTE}/a?b=c`, [], ATTACKER));
    assert.equal(answer?.status, 200);
  }
  assert.equal(scene.plain.requests.length, 2);
  for (const { target, headers } of scene.plain.requests) {
    assert.equal(target, "/a?b=c");
    assert.equal(headers.get("host"), ALLOWED);
    assert.equal(headers.has("authorization"), false);
  }
  assert.equal(scene.attacker.bytes, 0);
  scene.assertTokenKept();
});

Deno.test("A12 an agent's own credential on a route with auth does not leave in the clear either", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true })]);
  using client = await scene.egress.client();
  await client.ask(get(`${ABSOLUTE}/`, ["Authorization: Bearer own", "Cookie: s=1"]));
  const { headers } = scene.plain.onlyRequest;
  assert.equal(headers.has("authorization"), false);
  assert.equal(headers.has("cookie"), false);
});

Deno.test("A12 an origin-form request to the proxy has no destination", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true })]);
  using client = await scene.egress.client();
  scene.assertRefused(await client.ask(get("/")), "malformed_request");
});

Deno.test("A12 plain http inside a tunnel closes it", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true })]);
  using client = await scene.egress.client();
  await client.ask(`CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`);
  await client.send(get("/"));
  assert.ok(await client.closes());
  scene.assertNothingSent();
});

const SCHEMES = ["https", "ftp", "file", "ws", "gopher", "javascript"];
for (const scheme of SCHEMES) {
  Deno.test(`A12 ${scheme}: is not proxied as an absolute form`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route({ insecure_http: true })]);
    using client = await scene.egress.client();
    scene.assertRefused(await client.ask(get(`${scheme}://${ALLOWED}/`)), "malformed_request");
  });
}

const AUTHORITIES = [
  `user@${ALLOWED}`,
  `user:pass@${ALLOWED}`,
  `${ALLOWED}@${ATTACKER}`,
  `${ATTACKER}#@${ALLOWED}`,
  `${ATTACKER}%23@${ALLOWED}`,
  `${ATTACKER}\\@${ALLOWED}`,
  `${ALLOWED}%2f@${ATTACKER}`,
  "",
];
for (const authority of AUTHORITIES) {
  Deno.test(`A12 the authority ${JSON.stringify(authority)} in a URL is refused`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route({ insecure_http: true })]);
    using client = await scene.egress.client();
    const answer = await client.ask(get(`http://${authority}/`));
    scene.assertRefused(answer, "malformed_request", "host_not_allowed");
  });
}

Deno.test("A12 matches count for plain http as for https, on the second request too", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([
    scene.route({
      insecure_http: true,
      matches: [{ paths: [{ value: "/v1/" }], methods: ["GET"] }],
    }),
  ]);
  using client = await scene.egress.client();
  assert.equal((await client.ask(get(`${ABSOLUTE}/v1/a`)))?.status, 200);
  scene.assertDenied(await client.ask(get(`${ABSOLUTE}/admin`)), "request_not_allowed");
  const write = post(`${ABSOLUTE}/v1/a`, ["Content-Length: 0"], "");
  scene.assertDenied(await client.ask(write), "method_not_allowed");
  assert.equal(scene.plain.onlyRequest.target, "/v1/a");
});

/** Plain http in a tunnel to the allowed host. */
async function plainTunnel(scene: Scene, port = 80): Promise<RawClient> {
  return new RawClient(await openBareTunnel(scene.egress.port, `${ALLOWED}:${port}`));
}

Deno.test("A12 plain http in a tunnel is closed without insecure_http", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ ports: [80, 443] })]);
  using client = await plainTunnel(scene);
  assert.equal(await client.ask(get("/v1/a")), null);
  assert.equal(scene.egress.events.at(-1)?.code, "malformed_request");
  scene.assertNothingSent();
});

Deno.test("A12 plain http in a tunnel is decided on like the absolute form, request by request, without a credential", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({
    insecure_http: true,
    ports: [80, 443],
    matches: [{ methods: ["GET"], paths: [{ type: "prefix", value: "/v1/" }] }],
  })]);
  using client = await plainTunnel(scene);
  for (let request = 0; request < 2; request++) {
    assert.equal((await client.ask(get("/v1/a", ["Authorization: Bearer own"])))?.status, 200);
    scene.assertDenied(await client.ask(get("/v2/a")), "request_not_allowed");
    scene.assertDenied(await client.ask(get("/v1/a", [], ATTACKER)), "authority_mismatch");
    scene.assertDenied(await client.ask(get("/v1/a", [], `${ALLOWED}:81`)), "authority_mismatch");
    scene.assertDenied(await client.ask(get("/v1/a", [`Host: ${ATTACKER}`])), "malformed_request");
    scene.assertDenied(await client.ask(get(`http://${ATTACKER}/v1/a`)), "malformed_request");
  }
  assert.equal(scene.plain.requests.length, 2);
  for (const { headers } of scene.plain.requests) {
    assert.equal(headers.get("host"), ALLOWED);
    assert.equal(headers.has("authorization"), false);
  }
  assert.equal(scene.attacker.bytes, 0);
  scene.assertTokenKept();
});

for (const port of [443, 8443]) {
  Deno.test(`A12 TLS in a tunnel to port ${port} of a route with insecure_http is ended as ever`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route({ insecure_http: true, ports: [443, 8443] })]);
    using client = await scene.egress.tunnel(`${ALLOWED}:${port}`);
    for (let request = 0; request < 2; request++) {
      assert.equal((await client.ask(get("/v1/a", [], `${ALLOWED}:${port}`)))?.status, 200);
    }
    const credential = new RegExp(`^authorization: Bearer ${scene.token}$`, "im");
    assert.equal(scene.allowed.requests.length, 2);
    for (const { head } of scene.allowed.requests) assert.match(head, credential);
  });
}

Deno.test("A12 neither TLS nor http in a tunnel to a route with insecure_http is refused", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true, ports: [80] })]);
  for (
    const bytes of [
      "SSH-2.0-x\r\n\r\n",
      "\0\0\0\r\n\r\n",
      `CONNECT ${ATTACKER}:443 HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`,
    ]
  ) {
    using client = await plainTunnel(scene);
    const answer = await client.ask(bytes);
    assert.ok(answer === null || answer.status >= 400, answer?.head);
    scene.assertNothingSent();
  }
  assert.deepEqual(scene.egress.dials, []);
});

Deno.test("A12 plain http in an open tunnel ends with the rule that allowed it", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true, ports: [80, 443] })]);
  using client = await plainTunnel(scene);
  assert.equal((await client.ask(get("/v1/a")))?.status, 200);
  scene.egress.reload([scene.route({ ports: [80, 443] })]);
  scene.assertDenied(await client.ask(get("/v1/a")), "http_not_allowed");
  scene.egress.reload([]);
  scene.assertDenied(await client.ask(get("/v1/a")), "host_not_allowed");
  assert.equal(scene.plain.requests.length, 1);
});

Deno.test("A12 plain http in a tunnel becomes no other protocol", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true, ports: [80, 443] })]);
  {
    using client = await plainTunnel(scene);
    const answer = await client.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert.ok(answer === null || answer.status >= 400, answer?.head);
    scene.assertNothingSent();
  }
  using client = await plainTunnel(scene);
  for (const protocol of ["h2c", "TLS/1.2"]) {
    const fields = [
      `Upgrade: ${protocol}`,
      "Connection: Upgrade, HTTP2-Settings",
      "HTTP2-Settings: AA",
    ];
    assert.equal((await client.ask(get("/v1/a", fields)))?.status, 200, protocol);
  }
  for (const { headers } of scene.plain.requests) {
    for (const name of ["upgrade", "http2-settings"]) assert.equal(headers.has(name), false, name);
  }
  scene.assertTokenKept();
});

Deno.test("A12 a tunnel to port 443 carries no plain http, whatever the route allows", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ insecure_http: true, ports: [80, 443] })]);
  using client = await plainTunnel(scene, 443);
  assert.equal(await client.ask(get("/v1/a")), null);
  scene.assertNothingSent();
});
