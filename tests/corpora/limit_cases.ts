import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { PATIENCE } from "../support/raw_client.ts";
import type { Respond } from "../support/recording_upstream.ts";
import type { Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";

const HOST = "a.allowed.example";

export const limitCases: Cases = {
  "dos-cert-flood": async () => {
    await using fixture = await PolicyFixture.start();
    const shown = new Set<string>();
    for (let name = 0; name < 8; name++) {
      const raw = net.connect(fixture.egress.port, "127.0.0.1");
      raw.write(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`);
      await once(raw, "data");
      const socket = tls.connect({
        socket: raw,
        servername: `n${name}.allowed.example`,
        rejectUnauthorized: false,
      });
      await once(socket, "secureConnect");
      shown.add(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    }
    assert.equal(shown.size, 1, "a server name alone had a certificate made");
    return "limit";
  },
  "dos-slow-headers": async () => {
    await using fixture = await PolicyFixture.start({ timeouts: { headers: 300 } });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    await client.send("GET / HTTP/1.1\r\nX: ");
    const dripping = setInterval(() => client.send("a").catch(() => {}), 50);
    const ended = await client.closes().finally(() => clearInterval(dripping));
    assert.ok(ended);
    assert.equal(fixture.bytes, 0);
    return "timeout";
  },
  "dos-slow-read": async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    let cutOff = false;
    const endless: Respond = async (_request, peer) => {
      await peer.write("HTTP/1.1 200 OK\r\n\r\n");
      try {
        for (let chunks = 0; chunks < 1_000; chunks++) await peer.write(chunk);
      } catch {
        cutOff = true;
      }
      return "close";
    };
    await using fixture = await PolicyFixture.start({ respond: endless, timeouts: { idle: 300 } });
    using client = await fixture.egress.tunnel(`${HOST}:443`);
    await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    for (let waited = 0; waited < PATIENCE && !cutOff; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return cutOff ? "timeout" : "endless";
  },
  "log-bomb": async () => {
    await using fixture = await PolicyFixture.start();
    using client = await fixture.egress.client();
    const url = `http://evil.example/${"a".repeat(1024 * 1024)}`;
    const answer = await client.ask(`GET ${url} HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
    assert.equal(answer?.status, 414);
    using second = await fixture.egress.client();
    const long = `http://evil.example/${"a".repeat(30_000)}`;
    assert.equal(
      (await second.ask(`GET ${long} HTTP/1.1\r\nHost: evil.example\r\n\r\n`))?.status,
      403,
    );
    assert.equal(fixture.egress.events.length, 2);
    assert.ok(JSON.stringify(fixture.egress.events).length < 4_096, "an event is too long");
    return "limit";
  },
  "log-inject": async () => {
    await using fixture = await PolicyFixture.start();
    const escape = "\x1b[2J\x1b]0;owned\x07";
    const requests = [
      `CONNECT ${escape}evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET http://evil.example/${escape} HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      `GET http://evil.example/%1b%5b2J%0d%0a HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      `GET http://evil.example/\u009b2J HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      `CONNECT evil\u202e.example:443 HTTP/1.1\r\nHost: a\r\n\r\n`,
    ];
    for (const request of requests) {
      using client = await fixture.egress.client();
      const answer = await client.ask(request);
      assert.ok(answer !== null && answer.status >= 400);
      assertPrintable(answer.body.toString("utf8").trimEnd());
    }
    assert.equal(fixture.egress.events.length, requests.length);
    for (const event of fixture.egress.events) {
      for (const value of Object.values(event)) assertPrintable(String(value));
    }
    return "escape";
  },
};

function assertPrintable(text: string): void {
  assert.doesNotMatch(text, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
}
