import assert from "node:assert/strict";
import { DENIAL_CODES } from "../../egress/denial.ts";
import { ALLOWED, ATTACKER, get, Scene } from "./egress_scene.ts";

Deno.test("A1 an empty allowlist denies tunnels and plain http", async () => {
  await using scene = await Scene.start({ routes: [] });
  scene.assertRefused(await scene.connect(`${ALLOWED}:443`), "host_not_allowed");
  using client = await scene.egress.client();
  scene.assertRefused(await client.ask(get(`http://${ALLOWED}/`)), "host_not_allowed");
});

for (
  const authority of [
    `${ATTACKER}\0.${ALLOWED}:443`,
    `${ALLOWED}\0.${ATTACKER}:443`,
    `${ATTACKER}%00.${ALLOWED}:443`,
  ]
) {
  Deno.test(`A2 a NUL in the host (${JSON.stringify(authority)}) is refused`, async () => {
    await using scene = await Scene.start();
    scene.assertRefused(await scene.connect(authority), "malformed_request");
  });
}

Deno.test("A3 one trailing dot is the same host, in CONNECT and in Host; two are refused", async () => {
  await using scene = await Scene.start();
  scene.assertRefused(await scene.connect(`${ALLOWED}..:443`), "malformed_request");
  scene.assertRefused(await scene.connect(`${ATTACKER}.:443`), "host_not_allowed");
  assert.equal((await scene.connect(`${ALLOWED}.:443`))?.status, 200);
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/", [], `${ALLOWED}.`)))?.status, 200);
  assert.equal(scene.allowed.onlyRequest.headers.get("host"), ALLOWED);
  assert.deepEqual(scene.egress.lookups, [ALLOWED]);
});

const WILDCARD_EDGES = [
  ["the apex", "example.com"],
  ["a shared ending", "evilexample.com"],
  ["the name in front of another", `${ALLOWED}.attacker.example.org`],
  ["another top-level domain", "api.example.com.co"],
  ["a Cyrillic letter", "\u0430pi.example.com".replace(".example", ".\u0435xample")],
  ["its punycode", "api.xn--xample-2of.com"],
  ["an empty label", ".example.com"],
  ["a star", "*.example.com"],
] as const;
for (const [what, host] of WILDCARD_EDGES) {
  Deno.test(`A4 a wildcard does not cover ${what} (${host})`, async () => {
    await using scene = await Scene.start({ routes: [{ host: "*.example.com" }] });
    scene.assertRefused(
      await scene.connect(`${host}:443`),
      "host_not_allowed",
      "malformed_request",
    );
  });
}

Deno.test("A4 upper case is the same host, and goes upstream in lower case", async () => {
  await using scene = await Scene.start();
  assert.equal((await scene.connect("API.Example.COM:443"))?.status, 200);
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/", [], "API.example.COM")))?.status, 200);
  assert.equal(scene.allowed.onlyRequest.headers.get("host"), ALLOWED);
});

const LITERALS = [
  "127.0.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "017700000001",
  "0177.0.0.1",
  "127.1",
  "127.0.1",
  "0.0.0.0",
  "0",
  "169.254.169.254",
  "2852039166",
  "10.0.0.1",
  "100.64.0.1",
  "192.168.1.1",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:7f00:1::]",
  "[fe80::1%25eth0]",
  "[fe80::1%eth0]",
  "[fd00:ec2::254]",
  "\uff11\uff12\uff17.0.0.1",
  "127\u30020\u30020\u30021",
] as const;
for (const literal of LITERALS) {
  Deno.test(`A5 the address ${literal} is refused, in a tunnel and in plain http`, async () => {
    // A wildcard, to show that none covers an address.
    await using scene = await Scene.start({
      routes: [{ host: "*.example.com", insecure_http: true }],
    });
    scene.assertRefused(
      await scene.connect(`${literal}:443`),
      "host_not_allowed",
      "malformed_request",
    );
    using client = await scene.egress.client();
    const plain = await client.ask(get(`http://${literal}/`, [], literal));
    scene.assertRefused(plain, "host_not_allowed", "malformed_request");
  });
}

Deno.test("A6 CONNECT to a public address is refused, whatever the server name would be", async () => {
  await using scene = await Scene.start();
  for (const address of [scene.egress.addressOf(ALLOWED)!, scene.egress.addressOf(ATTACKER)!]) {
    scene.assertRefused(await scene.connect(`${address}:443`), "host_not_allowed");
  }
});

const PORTS: readonly (readonly [string, string])[] = [
  [`${ALLOWED}:80`, "port_not_allowed"],
  [`${ALLOWED}:22`, "port_not_allowed"],
  [`${ALLOWED}:8443`, "port_not_allowed"],
  [`${ALLOWED}:25`, "port_not_allowed"],
  [`${ALLOWED}:+443`, "malformed_request"],
  [`${ALLOWED}: 443`, "malformed_request"],
  [`${ALLOWED}:443 `, "malformed_request"],
  [`${ALLOWED}:443\t`, "malformed_request"],
  [`${ALLOWED} :443`, "malformed_request"],
  [`${ALLOWED}:0443`, "malformed_request"],
  [`${ALLOWED}:65979`, "malformed_request"], // 443 + 65536
  [`${ALLOWED}:0x1bb`, "malformed_request"],
  [`${ALLOWED}:443:22`, "malformed_request"],
  [`${ALLOWED}:`, "malformed_request"],
  [ALLOWED, "malformed_request"],
];
for (const [authority, code] of PORTS) {
  Deno.test(`A10 CONNECT ${JSON.stringify(authority)} is refused with ${code}`, async () => {
    await using scene = await Scene.start();
    scene.assertRefused(await scene.connect(authority), code);
  });
}

Deno.test("A10 a port that the route names is reached, and no other", async () => {
  await using scene = await Scene.start({ routes: [{ host: ALLOWED, ports: [8443] }] });
  scene.assertRefused(await scene.connect(`${ALLOWED}:443`), "port_not_allowed");
  using client = await scene.egress.tunnel(`${ALLOWED}:8443`);
  const other = await client.ask(get("/", [], `${ALLOWED}:443`));
  scene.assertRefused(other, "authority_mismatch");
  assert.equal((await client.ask(get("/", [], `${ALLOWED}:8443`)))?.status, 200);
  assert.deepEqual(scene.egress.dials, [`${scene.egress.addressOf(ALLOWED)}:8443`]);
});

Deno.test("A15 a denied name, however it is asked for, is never looked up", async () => {
  await using scene = await Scene.start();
  const data = "c2VjcmV0LWRhdGE";
  for (const host of [`${data}.${ATTACKER}`, `${data}.${ALLOWED}`, `${data}.example.com`]) {
    scene.assertRefused(await scene.connect(`${host}:443`), "host_not_allowed");
    using client = await scene.egress.client();
    scene.assertRefused(await client.ask(get(`http://${host}/`, [], host)), "host_not_allowed");
    using tunnel = await scene.tunnel();
    scene.assertRefused(await tunnel.ask(get("/", [], host)), "authority_mismatch");
  }
});

Deno.test("A17 DNS in a tunnel to an allowed host is refused: what is not TLS closes it", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  const opened = await client.ask(`CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`);
  assert.equal(opened?.status, 200);
  await client.send(
    "\x00\x1d\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01",
  );
  assert.ok(await client.closes());
  assert.equal(scene.egress.events.at(-1)?.verdict, "deny");
  scene.assertNothingSent();
  scene.assertRefused(await scene.connect(`${ALLOWED}:853`), "port_not_allowed");
  scene.assertRefused(await scene.connect(`${ALLOWED}:53`), "port_not_allowed");
});

Deno.test("A17 DNS over https to an allowed host is a request like any other: matches decide", async () => {
  await using scene = await Scene.start({
    routes: [{ host: ALLOWED, matches: [{ paths: [{ value: "/v1/" }] }] }],
  });
  using client = await scene.tunnel();
  const query = await client.ask(get("/dns-query?dns=AAABAAABAAAAAAAAAWE", [
    "Accept: application/dns-message",
  ]));
  scene.assertRefused(query, "request_not_allowed");
});

Deno.test("A18 putting a host on the allowlist does not look it up", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route(), { host: ATTACKER }]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(scene.egress.lookups, []);
  assert.equal((await scene.connect(`${ATTACKER}:443`))?.status, 200);
  assert.deepEqual(scene.egress.lookups, [], "not before a request is allowed either");
});

Deno.test("Every refusal names a code of the one list", async () => {
  await using scene = await Scene.start();
  const answer = await scene.connect(`${ATTACKER}:443`);
  const { error } = JSON.parse(String(answer?.body));
  assert.ok(DENIAL_CODES.includes(error.code));
  assert.deepEqual(Object.keys(error), ["type", "code", "host", "reason", "retryable", "next"]);
  assert.equal(error.retryable, false);
});
