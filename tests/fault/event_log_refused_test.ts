import assert from "node:assert/strict";
import type { EventFields } from "../../core/event.ts";
import { EgressFixture } from "../support/egress_fixture.ts";
import { plainAnswer, RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

Deno.test("while the event log cannot be written nothing is let through; when it can, requests go on", async () => {
  const roots = new TestAuthority();
  await using upstream = RecordingUpstream.tls(roots, "api.example.com", () => plainAnswer("fine"));
  const disk = { full: false };
  const written: EventFields[] = [];
  await using fixture = await EgressFixture.start({
    routes: [{ host: "api.example.com" }],
    upstreams: [upstream],
    roots,
    record: (event) => {
      if (disk.full) throw new Error("no space left on device");
      written.push(event);
    },
  });
  using client = await fixture.tunnel("api.example.com:443");
  const request = "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
  assert.equal((await client.ask(request))?.status, 200);
  disk.full = true;
  assert.equal(
    (await client.ask(request))?.status,
    200,
    "its event is the one that cannot be written",
  );
  const refused = await client.ask(request);
  assert.deepEqual([refused?.status, refused?.headers.get("x-bot-bottle-denied")], [
    403,
    "record_failed",
  ]);
  assert.equal(upstream.requests.length, 2, "the refused request did not arrive");
  disk.full = false;
  assert.equal((await client.ask(request))?.status, 200);
  assert.ok(written.length >= 3, "what was kept back is written too");
});
