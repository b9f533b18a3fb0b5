import assert from "node:assert/strict";
import { once } from "node:events";
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { clientHello, records } from "../support/client_hello.ts";
import { getFields, Http2Client } from "../support/http2_client.ts";
import { openBareTunnel, RawClient } from "../support/raw_client.ts";
import { ALLOWED, ATTACKER, get, refusal, Scene } from "./egress_scene.ts";

const SECOND = "second.example.com";

/** Speaks HTTP/1.1 in a tunnel with a server name of the client's choice; the first answer's bytes. */
async function ask(
  scene: Scene,
  connectTo: string,
  serverName: string,
  host: string,
): Promise<string> {
  const raw = net.connect(scene.egress.port, "127.0.0.1");
  raw.write(`CONNECT ${connectTo}:443 HTTP/1.1\r\nHost: ${connectTo}:443\r\n\r\n`);
  await once(raw, "data");
  const socket = tls.connect({ socket: raw, servername: serverName, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.write(get("/", [], host));
  const [bytes] = await once(socket, "data");
  socket.destroy();
  return String(bytes);
}

/** Every way in which CONNECT, server name and Host can differ, with two allowed hosts and one that is not. */
const FRONTINGS = [ALLOWED, SECOND].flatMap((connectTo) =>
  [ALLOWED, SECOND, ATTACKER].flatMap((serverName) =>
    [ALLOWED, SECOND, ATTACKER].map((host) => ({ connectTo, serverName, host }))
  )
).filter(({ connectTo, serverName, host }) => connectTo !== serverName || connectTo !== host);

for (const { connectTo, serverName, host } of FRONTINGS) {
  Deno.test(`A7 CONNECT ${connectTo}, server name ${serverName}, Host ${host} is refused`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route(), { host: SECOND }]);
    const answer = await ask(scene, connectTo, serverName, host);
    const code = serverName === connectTo ? "authority_mismatch" : "sni_mismatch";
    assert.match(answer, new RegExp(`x-bot-bottle-denied: ${code}`, "i"));
    assert.equal(scene.egress.events.at(-1)?.code, code);
    scene.assertNothingSent();
    assert.deepEqual(scene.egress.lookups, []);
  });
}

Deno.test("A7 fronting by :authority or by a Host beside it is refused on HTTP/2", async () => {
  await using scene = await Scene.start();
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  await client.request(1, getFields(ATTACKER, "/"));
  assert.equal((await client.outcome(1)).status, 421);
  await client.request(3, getFields(ALLOWED, "/", [["host", ATTACKER]]));
  const beside = await client.outcome(3);
  assert.ok(beside.reset !== undefined || beside.status === 400 || beside.status === 421);
  assert.deepEqual(scene.egress.lookups, []);
  scene.assertNothingSent();
});

Deno.test("A8 a spoofed Host never gets the credential, nor does the host that it names", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route(), { host: ATTACKER }]);
  using own = await scene.egress.tunnel(`${ATTACKER}:443`);
  const spoofed = await own.ask(get("/", [], ALLOWED));
  scene.assertDenied(spoofed, "authority_mismatch");
  using theirs = await scene.tunnel();
  const reversed = await theirs.ask(get("/", [], ATTACKER));
  scene.assertDenied(reversed, "authority_mismatch");
  scene.assertTokenKept(spoofed, reversed);
  scene.assertNothingSent();
  // The second requests on both, this time honest: the credential goes to its own host alone.
  assert.equal((await own.ask(get("/", [], ATTACKER)))?.status, 200);
  assert.equal((await theirs.ask(get("/")))?.status, 200);
  assert.equal(scene.attacker.onlyRequest.headers.has("authorization"), false);
  assert.equal(scene.allowed.onlyRequest.headers.get("authorization"), `Bearer ${scene.token}`);
});

for (const spoof of ["http://", "https://"]) {
  Deno.test(`A8 an absolute ${spoof} target inside a tunnel does not choose the host`, async () => {
    await using scene = await Scene.start();
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(get(`${spoof}${ATTACKER}/`)), "malformed_request");
  });
}

Deno.test("A9 a tunnel without a server name leads to its own host and no other", async () => {
  await using scene = await Scene.start();
  const raw = net.connect(scene.egress.port, "127.0.0.1");
  raw.write(`CONNECT ${ALLOWED}:443 HTTP/1.1\r\nHost: ${ALLOWED}:443\r\n\r\n`);
  await once(raw, "data");
  const socket = tls.connect({ socket: raw, servername: "", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  assert.equal(socket.getPeerCertificate().subjectaltname, `DNS:${ALLOWED}`);
  socket.write(get("/", [], ATTACKER));
  const [refused] = await once(socket, "data");
  assert.match(String(refused), /authority_mismatch/);
  socket.destroy();
  scene.assertNothingSent();
});

Deno.test("A9 encrypted client hello hides no name: what it shows in the open is what counts", async () => {
  // An outer name other than the tunnel's host is a mismatch, whatever an inner one would say.
  await using scene = await Scene.start();
  assert.match(await ask(scene, ALLOWED, "cover.example.net", ALLOWED), /sni_mismatch/);
  scene.assertNothingSent();
});

Deno.test("A9 a ClientHello that comes byte by byte is read whole before anything is decided", async () => {
  await using scene = await Scene.start();
  using client = new RawClient(await openBareTunnel(scene.egress.port, `${ALLOWED}:443`));
  const hello = records(clientHello({ serverNames: [["127.0.0.1"]] }), 9);
  for (const byte of hello) await client.send(Buffer.from([byte]));
  assert.ok(await client.closes());
  assert.equal(scene.egress.events.at(-1)?.code, "malformed_request");
  scene.assertNothingSent();
});

Deno.test("A9 a ClientHello that never ends is cut off", async () => {
  await using scene = await Scene.start();
  using client = new RawClient(await openBareTunnel(scene.egress.port, `${ALLOWED}:443`));
  const endless = Buffer.concat([Buffer.from([1, 0xff, 0xff, 0xff]), Buffer.alloc(100_000)]);
  await client.send(records(endless)).catch(() => {});
  assert.ok(await client.closes());
  scene.assertNothingSent();
});

Deno.test("A20 every request of a tunnel is judged anew", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([
    scene.route({ matches: [{ paths: [{ value: "/v1/" }], methods: ["GET"] }] }),
  ]);
  using client = await scene.tunnel();
  const steps: readonly (readonly [string, number])[] = [
    [get("/v1/a"), 200],
    [get("/v1/a", [], ATTACKER), 421],
    [get("/admin"), 403],
    [`DELETE /v1/a HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n`, 403],
    [get("/v1/../admin"), 403],
    [get("/v1/b"), 200],
  ];
  for (const [request, status] of steps) assert.equal((await client.ask(request))?.status, status);
  assert.deepEqual(scene.allowed.requests.map(({ target }) => target), ["/v1/a", "/v1/b"]);
  assert.equal(scene.allowed.connections, 1, "the upstream connection was kept");
  assert.deepEqual(
    scene.egress.events.map(({ verdict }) => verdict),
    ["allow", "deny", "deny", "deny", "deny", "allow"],
  );
});

Deno.test("A20 a pipelined second request is judged as strictly as the first", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  assert.equal((await client.ask(get("/a") + get("/b", [], ATTACKER)))?.status, 200);
  assert.equal((await client.answer())?.status, 421);
  assert.equal(scene.allowed.onlyRequest.target, "/a");
});

Deno.test("A20 HTTP/2 streams of one connection are judged one by one", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route({ matches: [{ paths: [{ value: "/v1/" }] }] })]);
  using client = await Http2Client.start(await scene.tunnel(["h2"]));
  const steps: readonly (readonly [string, string, number])[] = [
    [ALLOWED, "/v1/a", 200],
    [ATTACKER, "/v1/a", 421],
    [ALLOWED, "/admin", 403],
    [ALLOWED, "/v1/b", 200],
  ];
  for (const [index, [authority, path, status]] of steps.entries()) {
    await client.request(2 * index + 1, getFields(authority, path));
    assert.equal((await client.outcome(2 * index + 1)).status, status);
  }
  assert.deepEqual(scene.allowed.requests.map(({ target }) => target), ["/v1/a", "/v1/b"]);
});

Deno.test("A20 two hosts never share an upstream connection", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route(), { host: ATTACKER }]);
  for (let round = 0; round < 2; round++) {
    using one = await scene.tunnel();
    assert.equal((await one.ask(get("/")))?.status, 200);
    using other = await scene.egress.tunnel(`${ATTACKER}:443`);
    assert.equal((await other.ask(get("/", [], ATTACKER)))?.status, 200);
  }
  assert.equal(scene.allowed.requests.length, 2);
  assert.equal(scene.attacker.requests.length, 2);
  assert.ok(scene.attacker.requests.every(({ headers }) => !headers.has("authorization")));
});

Deno.test("A21 CONNECT inside a tunnel is refused, on HTTP/1.1 and HTTP/2", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const nested = await client.ask(
    `CONNECT ${ATTACKER}:443 HTTP/1.1\r\nHost: ${ATTACKER}:443\r\n\r\n`,
  );
  scene.assertRefused(nested, "method_not_allowed");
  using second = await Http2Client.start(await scene.tunnel(["h2"]));
  await second.request(1, [[":method", "CONNECT"], [":authority", `${ATTACKER}:443`]], false);
  const outcome = await second.outcome(1);
  assert.ok(outcome.status === 403 || outcome.reset !== undefined);
  scene.assertNothingSent();
});

Deno.test("A21 the proxy is no way to itself", async () => {
  await using scene = await Scene.start({ routes: [{ host: "*.example.com" }] });
  const self = `127.0.0.1:${scene.egress.port}`;
  scene.assertRefused(await scene.connect(self), "host_not_allowed");
  scene.assertRefused(
    await refusal(scene.egress.tunnel(`localhost:${scene.egress.port}`)),
    "host_not_allowed",
  );
});
