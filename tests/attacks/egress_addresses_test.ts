import assert from "node:assert/strict";
import { plainAnswer } from "../support/recording_upstream.ts";
import { ALLOWED, ATTACKER, get, Scene } from "./egress_scene.ts";

const PRIVATE = [
  ["loopback", "127.0.0.1"],
  ["loopback", "127.8.9.10"],
  ["loopback", "::1"],
  ["metadata", "169.254.169.254"],
  ["metadata", "fd00:ec2::254"],
  ["metadata", "100.100.100.200"],
  ["link-local", "169.254.1.1"],
  ["link-local", "fe80::1"],
  ["private", "10.1.2.3"],
  ["private", "172.31.255.255"],
  ["private", "192.168.0.1"],
  ["private", "fd12:3456::1"],
  ["cgnat", "100.64.0.1"],
  ["mapped loopback", "::ffff:127.0.0.1"],
  ["mapped metadata", "::ffff:169.254.169.254"],
  ["translated private", "64:ff9b::10.0.0.1"],
  ["this network", "0.0.0.0"],
  ["unspecified", "::"],
  ["multicast", "224.0.0.1"],
  ["broadcast", "255.255.255.255"],
  ["no address at all", "localhost"],
  ["another spelling", "0x7f.1"],
] as const;
for (const [what, address] of PRIVATE) {
  Deno.test(`A16 an allowed name that leads to ${what} (${address}) is not dialled`, async () => {
    await using scene = await Scene.start({ resolve: () => Promise.resolve([address]) });
    using client = await scene.tunnel();
    for (let request = 0; request < 2; request++) {
      scene.assertDenied(await client.ask(get("/")), "address_not_allowed");
    }
    assert.deepEqual(scene.egress.dials, []);
    scene.assertNothingSent();
  });
}

Deno.test("A16 one private address among public ones is enough to refuse them all", async () => {
  await using scene = await Scene.start({
    resolve: () => Promise.resolve(["93.184.216.1", "127.0.0.1"]),
  });
  using client = await scene.tunnel();
  scene.assertDenied(await client.ask(get("/")), "address_not_allowed");
  assert.deepEqual(scene.egress.dials, []);
});

Deno.test("A16 the address that was checked is the one that is dialled: one lookup, one use", async () => {
  let answers = 0;
  await using scene = await Scene.start({
    resolve: () => Promise.resolve([answers++ === 0 ? "93.184.216.1" : "127.0.0.1"]),
  });
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/")))?.status, 200);
  assert.deepEqual(scene.egress.dials, ["93.184.216.1:443"]);
  assert.equal(answers, 1);
  // The flip shows on the next connection.
  scene.egress.reload([scene.route()]);
  scene.assertDenied(await client.ask(get("/")), "address_not_allowed");
  assert.deepEqual(scene.egress.dials, ["93.184.216.1:443"]);
});

Deno.test("A16 allow_private does not reach a metadata service by name", async () => {
  await using scene = await Scene.start({ resolve: () => Promise.resolve(["169.254.169.254"]) });
  scene.egress.reload([scene.route({ allow_private: true })]);
  using client = await scene.tunnel();
  scene.assertDenied(await client.ask(get("/")), "address_not_allowed");
});

Deno.test("A16 a resolver that fails, or has no answer, is a refusal and not a way around", async () => {
  for (const resolve of [() => Promise.resolve([]), () => Promise.reject(new Error("SERVFAIL"))]) {
    await using scene = await Scene.start({ resolve });
    using client = await scene.tunnel();
    const answer = await client.ask(get("/"));
    scene.assertDenied(answer, "upstream_unresolved");
    assert.equal(answer?.status, 502);
    assert.deepEqual(scene.egress.dials, []);
  }
});

Deno.test("A19 a redirect is passed on, not followed, and takes no credential along", async () => {
  const targets = [`https://${ATTACKER}/?d=1`, "http://169.254.169.254/latest/meta-data/"];
  for (const target of targets) {
    for (const status of ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 Gone On"]) {
      await using scene = await Scene.start({
        respond: () => plainAnswer("", [`Location: ${target}`], status),
      });
      using client = await scene.tunnel();
      const answer = await client.ask(get("/"));
      assert.equal(String(answer?.status), status.slice(0, 3));
      assert.equal(answer?.headers.get("location"), target);
      assert.deepEqual(scene.egress.lookups, [ALLOWED]);
      assert.equal(scene.attacker.bytes, 0);
      scene.assertTokenKept(answer);
    }
  }
});

Deno.test("A20 a kept upstream connection does not outlive the permission for its address", async () => {
  await using scene = await Scene.start({
    fixedAddresses: new Map([[ALLOWED, "10.0.0.5"]]),
    upstreams: [],
  });
  // 10.0.0.5 has no upstream in this scene: what counts is whether it is dialled at all.
  scene.egress.reload([scene.route({ allow_private: true })]);
  using client = await scene.tunnel();
  scene.assertDenied(await client.ask(get("/")), "upstream_unreachable");
  assert.equal(scene.egress.dials.length, 1);
  scene.egress.reload([scene.route()]);
  scene.assertDenied(await client.ask(get("/")), "address_not_allowed");
  assert.equal(scene.egress.dials.length, 1);
});

Deno.test("A20 a connection that was idle at a reload is not used under the new policy", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/a")))?.status, 200);
  assert.equal((await client.ask(get("/b")))?.status, 200);
  assert.equal(scene.allowed.connections, 1);
  scene.egress.reload([scene.route()]);
  assert.equal((await client.ask(get("/c")))?.status, 200);
  assert.equal(scene.allowed.connections, 2);
});

Deno.test("A20 a connection that was in use at a reload is closed when it comes back", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  await using scene = await Scene.start({
    respond: async ({ target }) => {
      if (target === "/slow") await released;
      return plainAnswer("ok");
    },
  });
  using client = await scene.tunnel();
  const slow = client.ask(get("/slow"));
  while (scene.allowed.requests.length === 0) await new Promise((wake) => setTimeout(wake, 5));
  scene.egress.reload([scene.route()]);
  release();
  assert.equal((await slow)?.status, 200, "what was under way finishes");
  assert.equal((await client.ask(get("/next")))?.status, 200);
  assert.equal(scene.allowed.connections, 2);
});

Deno.test("A20 a reload takes effect on the next request of an open tunnel", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/a")))?.status, 200);
  scene.egress.reload([]);
  scene.assertDenied(await client.ask(get("/a")), "host_not_allowed");
  assert.equal(scene.allowed.requests.length, 1);
});

Deno.test("A22 the name of the proxy's own answers is no host in a tunnel", async () => {
  await using scene = await Scene.start({ routes: [{ host: "*.example.com" }] });
  scene.assertRefused(await scene.connect("_egress.local:443"), "host_not_allowed");
  scene.assertRefused(await scene.connect("_egress.local:80"), "host_not_allowed");
});

Deno.test("A22 the allowlist can be read, and nothing else, without a credential in it", async () => {
  await using scene = await Scene.start();
  using client = await scene.egress.client();
  const list = await client.ask(get("http://_egress.local/allowlist", [], "_egress.local"));
  assert.equal(list?.status, 200);
  assert.deepEqual(JSON.parse(String(list.body)), { routes: [scene.route()] });
  scene.assertTokenKept(list);
  for (const path of ["/", "/routes", "/allowlist/../admin", "/debug", "/allowlist?x=1"]) {
    const other = await client.ask(get(`http://_egress.local${path}`, [], "_egress.local"));
    scene.assertRefused(other, "request_not_allowed");
  }
  const write = await client.ask(
    "PUT http://_egress.local/allowlist HTTP/1.1\r\nHost: _egress.local\r\nContent-Length: 2\r\n\r\n{}",
  );
  scene.assertRefused(write, "request_not_allowed");
});

Deno.test("A22 the proxy has no page of its own to an origin-form request", async () => {
  await using scene = await Scene.start();
  for (const target of ["/", "/metrics", "/allowlist", "*"]) {
    using client = await scene.egress.client();
    const answer = await client.ask(get(target, [], "localhost"));
    scene.assertRefused(answer, "malformed_request");
  }
});

Deno.test("A22 a proxy with a password serves nobody without it", async () => {
  const password = `pass-${crypto.randomUUID()}`;
  await using scene = await Scene.start({ password });
  const wrong = ["", `Proxy-Authorization: Basic ${btoa("bot-bottle:guess")}\r\n`];
  for (const field of wrong) {
    for (const line of [`CONNECT ${ALLOWED}:443`, "GET http://_egress.local/allowlist"]) {
      using client = await scene.egress.client();
      const answer = await client.ask(`${line} HTTP/1.1\r\nHost: ${ALLOWED}\r\n${field}\r\n`);
      assert.equal(answer?.status, 407);
      scene.assertRefused(answer, "proxy_auth_required");
    }
  }
  using client = await scene.egress.client();
  const credentials = btoa(`bot-bottle:${password}`);
  const opened = await client.ask(
    `CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}\r\n` +
      `Proxy-Authorization: Basic ${credentials}\r\n\r\n`,
  );
  assert.equal(opened?.status, 200);
});
