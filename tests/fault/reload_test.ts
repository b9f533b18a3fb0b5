import assert from "node:assert/strict";
import { plainAnswer, RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { SidecarProcess } from "./sidecar_process.ts";

const roots = new TestAuthority();

async function ask(sidecar: SidecarProcess, upstream: RecordingUpstream): Promise<number> {
  using client = await sidecar.tunnel(upstream);
  const answer = await client.ask(
    `GET / HTTP/1.1\r\nHost: ${upstream.host}:${upstream.port}\r\n\r\n`,
  );
  return answer?.status ?? 0;
}

async function eventOf(sidecar: SidecarProcess, type: string): Promise<Record<string, unknown>> {
  for (const end = performance.now() + 5_000; performance.now() < end;) {
    const event = sidecar.events().findLast((one) => one.type === type);
    if (event !== undefined) return event;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no event ${type}`);
}

Deno.test("a new generation takes effect for the next request of an open tunnel", async () => {
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  await using sidecar = new SidecarProcess(roots.pem);
  sidecar.configure([SidecarProcess.route(upstream)], [upstream.host]);
  await sidecar.start();
  using client = await sidecar.tunnel(upstream);
  const request = `GET / HTTP/1.1\r\nHost: ${upstream.host}:${upstream.port}\r\n\r\n`;
  assert.equal((await client.ask(request))?.status, 200);
  sidecar.configure([], [upstream.host]);
  await eventOf(sidecar, "config_loaded");
  assert.equal((await client.ask(request))?.status, 403);
  assert.equal(upstream.requests.length, 1, "the refused request did not arrive");
});

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ["is not YAML", "routes: [", /routes\.yaml:1:\d+: /],
  [
    "has an unknown key",
    "routes:\n  - hosst: a.example.com\n",
    /routes\.yaml:2:5: Unknown key hosst/,
  ],
  [
    "names a token that is not set",
    "routes:\n  - host: a.example.com\n    auth: {scheme: Bearer, token_ref: EGRESS_TOKEN_9}\n",
    /routes\.yaml:3:\d+: .*EGRESS_TOKEN_9 is not set or empty/,
  ],
  [
    "names a host twice",
    "routes:\n  - host: a.example.com\n  - host: A.example.com.\n",
    /routes\.yaml:3:\d+: .*line 2/,
  ],
  [
    "has a pattern that backtracks",
    'routes:\n  - host: a.example.com\n    matches: [{paths: [{type: regex, value: "(?=a)b"}]}]\n',
    /routes\.yaml:3:\d+: .*linear time/,
  ],
];

for (const [what, text, message] of BROKEN) {
  Deno.test(`routes.yaml that ${what}: the start is refused with file, line and key`, async () => {
    await using sidecar = new SidecarProcess(roots.pem);
    sidecar.configure(text);
    await assert.rejects(() => sidecar.start(), message);
    assert.equal((await sidecar.ended()).code, 3);
  });

  Deno.test(`routes.yaml that ${what}: on reload the old one stays, and the refusal is an event`, async () => {
    await using upstream = RecordingUpstream.tls(
      roots,
      "api.example.com",
      () => plainAnswer("fine"),
    );
    await using sidecar = new SidecarProcess(roots.pem);
    sidecar.configure([SidecarProcess.route(upstream)], [upstream.host]);
    await sidecar.start();
    sidecar.configure(text);
    assert.match(String((await eventOf(sidecar, "config_refused")).reason), message);
    assert.equal(await ask(sidecar, upstream), 200);
  });
}

Deno.test("a token that is empty in the environment refuses the start", async () => {
  await using sidecar = new SidecarProcess(roots.pem, { EGRESS_TOKEN_0: "" });
  sidecar.configure(
    "routes:\n  - host: a.example.com\n    auth: {scheme: Bearer, token_ref: EGRESS_TOKEN_0}\n",
  );
  await assert.rejects(() => sidecar.start(), /EGRESS_TOKEN_0 is not set or empty/);
});

Deno.test("fifty reloads under load drop no request", async () => {
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  await using sidecar = new SidecarProcess(roots.pem);
  sidecar.configure([SidecarProcess.route(upstream)], [upstream.host]);
  await sidecar.start();
  const over = { yes: false };
  const caller = async (): Promise<number[]> => {
    const statuses: number[] = [];
    using client = await sidecar.tunnel(upstream);
    while (!over.yes && statuses.length < 20_000) {
      const answer = await client.ask(
        `GET / HTTP/1.1\r\nHost: ${upstream.host}:${upstream.port}\r\n\r\n`,
      );
      statuses.push(answer?.status ?? 0);
    }
    return statuses;
  };
  const callers = [caller(), caller(), caller(), caller()];
  for (let round = 0; round < 50; round++) {
    sidecar.configure([SidecarProcess.route(upstream), { host: `other-${round}.example.com` }], [
      upstream.host,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  over.yes = true;
  const statuses = (await Promise.all(callers)).flat();
  assert.ok(statuses.length > 50);
  assert.deepEqual([...new Set(statuses)], [200]);
});
