import assert from "node:assert/strict";
import { EgressFixture } from "../support/egress_fixture.ts";
import { RecordingUpstream, type Respond } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

const HOST = "service.example.com";
const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

/** A CONNECT proxy that leads everywhere to one port. */
function connectTo(port: () => number): Respond {
  return async (_request, peer) => {
    using onward = await Deno.connect({ hostname: "127.0.0.1", port: port() });
    await peer.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    const back = (async () => {
      const bytes = new Uint8Array(65_536);
      for (let count = await onward.read(bytes); count !== null; count = await onward.read(bytes)) {
        await peer.write(bytes.slice(0, count));
      }
    })().catch(() => {});
    while (peer.source.held.length > 0 || await peer.source.more(60_000)) {
      await onward.write(await peer.source.take(peer.source.held.length, 0));
    }
    onward.close();
    await back;
    return "close";
  };
}

/** The proxy under test, which reaches its upstreams through `respond`. */
async function behind(respond: Respond, roots: TestAuthority) {
  const outer = RecordingUpstream.plain("proxy.example.org", respond);
  const egress = await EgressFixture.start({
    routes: [{ host: HOST }],
    roots,
    upstreamProxy: new URL(`http://user:p%40ss@127.0.0.1:${outer.port}`),
  });
  return {
    outer,
    egress,
    async [Symbol.asyncDispose]() {
      await egress[Symbol.asyncDispose]();
      await outer[Symbol.asyncDispose]();
    },
  };
}

Deno.test("an upstream proxy gets the name and its password, and TLS is verified through it", async () => {
  const roots = new TestAuthority();
  await using upstream = RecordingUpstream.tls(roots, HOST);
  await using scene = await behind(connectTo(() => upstream.port), roots);
  using client = await scene.egress.tunnel(`${HOST}:443`);
  for (let request = 0; request < 2; request++) assert.equal((await client.ask(GET))?.status, 200);
  const { method, target, headers } = scene.outer.onlyRequest;
  assert.deepEqual([method, target], ["CONNECT", `${HOST}:443`]);
  assert.equal(headers.get("proxy-authorization"), `Basic ${btoa("user:p@ss")}`);
  assert.deepEqual(scene.egress.lookups, [], "names are the upstream proxy's to resolve");
  assert.equal(upstream.requests.length, 2);
});

Deno.test("an upstream proxy cannot put another server behind a name", async () => {
  const roots = new TestAuthority();
  await using impostor = RecordingUpstream.tls(roots, HOST, undefined, "evil.example");
  await using scene = await behind(connectTo(() => impostor.port), roots);
  using client = await scene.egress.tunnel(`${HOST}:443`);
  const answer = await client.ask(GET);
  assert.equal(answer?.headers.get("x-bot-bottle-denied"), "upstream_tls");
  assert.equal(impostor.requests.length, 0);
});

const REFUSALS = [
  "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
  "not http at all\r\n\r\n",
];
for (const refusal of REFUSALS) {
  Deno.test(`an upstream proxy that answers ${JSON.stringify(refusal.slice(0, 16))} is unreachable`, async () => {
    await using scene = await behind(() => refusal, new TestAuthority());
    using client = await scene.egress.tunnel(`${HOST}:443`);
    const answer = await client.ask(GET);
    assert.equal(answer?.status, 502);
    assert.equal(answer.headers.get("x-bot-bottle-denied"), "upstream_unreachable");
  });
}
