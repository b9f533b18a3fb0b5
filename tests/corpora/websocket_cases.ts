import assert from "node:assert/strict";
import { PATIENCE } from "../support/raw_client.ts";
import type { Respond } from "../support/recording_upstream.ts";
import {
  closeStatus,
  echoFrames,
  type FrameOptions,
  handshake,
  Opcode,
  readFrame,
  switching,
  webSocketFrame,
} from "../support/websocket_client.ts";
import type { Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";

const HOST = "a.allowed.example";

export const webSocketCases: Cases = {
  "ws-101-forged": async () => {
    let tell = (_verdict: string) => {};
    const verdict = new Promise<string>((resolve) => tell = resolve);
    const forge: Respond = async (request, peer) => {
      await peer.write(switching(request));
      tell(await peer.source.more(PATIENCE).catch(() => true) ? "open" : "close");
      return "close";
    };
    await using fixture = await PolicyFixture.start({ respond: forge });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    const answer = await client.ask(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    assert.equal(answer?.status, 502);
    return await verdict;
  },
  "ws-ext": async () => {
    await using fixture = await PolicyFixture.start({ respond: echoFrames });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    const answer = await client.ask(handshake(HOST, "/", [offer]));
    assert.equal(answer?.status, 101);
    assert.equal(answer.headers.has("sec-websocket-extensions"), false);
    const { headers } = fixture.upstream(HOST).onlyRequest;
    return headers.has("sec-websocket-extensions") ? "kept" : "strip-extension";
  },
  "ws-pre-101": async () => {
    const early = webSocketFrame(Opcode.text, "early", { masked: true });
    let heldBack = false;
    const slow: Respond = async (request, peer) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      heldBack = peer.source.held.length === 0;
      return await echoFrames(request, peer);
    };
    await using fixture = await PolicyFixture.start({ respond: slow });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    await client.send(handshake(HOST) + early.toString("latin1"));
    assert.equal((await client.answer())?.status, 101);
    const frame = await readFrame(client.source, PATIENCE);
    assert.equal(String(frame?.payload), "early");
    return heldBack ? "buffer" : "sent";
  },
  "ws-len64": () => badFrame("x", { masked: true, length64: 1n << 40n }),
  "ws-rsv": () => badFrame("x", { masked: true, reserved: 4 }),
  "ws-unmasked": () => badFrame("x", {}),
};

/** Sends one good frame, then a bad one: the bad one must not arrive, and both sides must be told. */
async function badFrame(payload: string, options: FrameOptions): Promise<string> {
  await using fixture = await PolicyFixture.start({ respond: echoFrames });
  using client = await fixture.egress.tunnel(`${HOST}:443`);
  assert.equal((await client.ask(handshake(HOST)))?.status, 101);
  await client.send(webSocketFrame(Opcode.text, "good", { masked: true }));
  assert.equal(String((await readFrame(client.source, PATIENCE))?.payload), "good");
  await client.send(webSocketFrame(Opcode.text, payload, options));
  const status = closeStatus(await readFrame(client.source, PATIENCE));
  assert.ok(await client.closes());
  return `close-${status}`;
}
