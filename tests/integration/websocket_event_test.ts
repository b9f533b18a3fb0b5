import assert from "node:assert/strict";
import { EgressFixture } from "../support/egress_fixture.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { createHash } from "node:crypto";

Deno.test("a WebSocket is in the log when it opens, and its bytes when it closes", async () => {
  const roots = new TestAuthority();
  await using upstream = RecordingUpstream.tls(
    roots,
    "ws.example.com",
    async ({ headers }, peer) => {
      const accept = createHash("sha1")
        .update(`${headers.get("sec-websocket-key")}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest(
          "base64",
        );
      await peer.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      await peer.source.rest(10_000).catch(() => {});
      return "close";
    },
  );
  await using fixture = await EgressFixture.start({
    routes: [{ host: "ws.example.com" }],
    upstreams: [upstream],
    roots,
  });
  {
    using client = await fixture.tunnel("ws.example.com:443");
    await client.send(
      "GET /chat HTTP/1.1\r\nHost: ws.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${btoa("sixteen letters.")}\r\n\r\n`,
    );
    await until(() => fixture.events.length === 1);
    assert.deepEqual([fixture.events[0]?.verdict, fixture.events[0]?.status], ["allow", 101]);
    await client.send(new Uint8Array([0x88, 0x80, 0, 0, 0, 0])); // an empty, masked close frame
  }
  await until(() => fixture.events.length === 2);
  assert.deepEqual([fixture.events[1]?.type, fixture.events[1]?.bytes_out], [
    "websocket_closed",
    6,
  ]);
});

async function until(done: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (done()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not come to that in time");
}
