import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type Socket } from "node:net";
import { Duplex } from "node:stream";
import tls, { type ConnectionOptions, type TLSSocket } from "node:tls";
import { clientHello, type HelloOptions, records } from "../support/client_hello.ts";
import { openBareTunnel, RawClient } from "../support/raw_client.ts";
import { RecordingUpstream } from "../support/recording_upstream.ts";
import type { Cases } from "./case.ts";
import { PolicyFixture } from "./policy_fixture.ts";

const GET = "GET /v1/x HTTP/1.1\r\nHost: example.com\r\n\r\n";

export const tlsCases: Cases = {
  "sni-ip": () => refusesHello({ serverNames: [["127.0.0.1"]] }),
  "sni-multi": async () => {
    const twice = await refusesHello({ serverNames: [["example.com"], ["example.com"]] });
    const both = await refusesHello({ serverNames: [["example.com", "evil.example"]] });
    assert.equal(twice, both);
    return twice;
  },
  "tls-wildcard-leaf": () => refusesHello({ serverNames: [["*.com"]] }),
  "tls10": () => refusesHello({ serverNames: [["example.com"]], version: 0x0301 }),
  "sni-vs-connect": async () => {
    await using fixture = await PolicyFixture.start();
    const socket = await connectTls(fixture, { servername: "evil.example" });
    const statuses: (number | undefined)[] = [];
    for (let request = 0; request < 2; request++) {
      socket.write(GET);
      const [bytes] = await once(socket, "data");
      assert.match(String(bytes), /x-bot-bottle-denied: sni_mismatch/i);
      statuses.push(statusOf(bytes));
    }
    socket.destroy();
    assert.equal(fixture.bytes, 0);
    assert.deepEqual(statuses, [403, 403]);
    return `deny-${statuses[0]}`;
  },
  "tls-alpn-none": async () => {
    await using fixture = await PolicyFixture.start();
    using client = await fixture.egress.tunnel("example.com:443", []);
    const answer = await client.ask(GET);
    return answer?.status === 200 ? "allow" : `deny-${answer?.status}`;
  },
  "tls-client-cert": async () => {
    await using fixture = await PolicyFixture.start();
    const { certificate, key } = fixture.roots.leaf("client.example");
    const socket = await connectTls(fixture, { cert: certificate, key });
    socket.write(GET);
    const [bytes] = await once(socket, "data");
    socket.destroy();
    return statusOf(bytes) === 200 ? "allow" : "reject";
  },
  "tls-frag": async () => {
    await using fixture = await PolicyFixture.start();
    const socket = await connectTls(fixture, {}, (raw) => new FragmentingStream(raw));
    socket.write(GET);
    const [bytes] = await once(socket, "data");
    socket.destroy();
    return statusOf(bytes) === 200 ? "allow" : "reject";
  },
  "tls-pinned": async () => {
    await using fixture = await PolicyFixture.start();
    const connection = await openBareTunnel(fixture.egress.port, "example.com:443");
    // Without the bottle's CA the client gives up, as one does that pins the upstream's certificate.
    const handshake = Deno.startTls(connection, { hostname: "example.com" })
      .then((socket) => socket.handshake().finally(() => socket.close()));
    await assert.rejects(handshake);
    assert.equal(fixture.bytes, 0);
    using client = await fixture.egress.tunnel("example.com:443");
    assert.equal((await client.ask(GET))?.status, 200, "the proxy serves others afterwards");
    return "close";
  },
  "tls-renegotiation": async () => {
    await using fixture = await PolicyFixture.start();
    const text = await openssl(fixture, "example.com", ["-tls1_2"], "R");
    assert.match(text, /RENEGOTIATING/);
    return /no renegotiation/.test(text) ? "reject" : "allow";
  },
  "tls-0rtt": async () => {
    await using fixture = await PolicyFixture.start();
    const text = await openssl(fixture, "example.com", ["-tls1_3"], GET);
    const limits = [...text.matchAll(/Max Early Data: (\d+)/g)].map(([, bytes]) => Number(bytes));
    assert.ok(limits.length > 0, "no session ticket was issued");
    return limits.every((limit) => limit === 0) ? "reject" : "allow";
  },
  "tls-leaf-reuse": async () => {
    await using fixture = await PolicyFixture.start();
    const file = await Deno.makeTempFile();
    try {
      await openssl(fixture, "example.com", ["-tls1_3", "-sess_out", file], GET);
      assert.ok((await Deno.stat(file)).size > 0, "no session was kept");
      const text = await openssl(fixture, "a.allowed.example", ["-tls1_3", "-sess_in", file], "");
      return /^Reused, /m.test(text) ? "allow" : /^New, /m.test(text) ? "reject" : "unknown";
    } finally {
      await Deno.remove(file);
    }
  },
  "tls-upstream-wrongname": async () => {
    await using fixture = await PolicyFixture.start();
    await using impostor = RecordingUpstream.tls(
      fixture.roots,
      "other.allowed.example",
      undefined,
      "evil.example",
    );
    await using second = await PolicyFixture.start({
      upstreams: [impostor],
      roots: fixture.roots,
    });
    using client = await second.egress.tunnel("other.allowed.example:443");
    const answer = await client.ask("GET / HTTP/1.1\r\nHost: other.allowed.example\r\n\r\n");
    assert.equal(answer?.headers.get("x-bot-bottle-denied"), "upstream_tls");
    assert.equal(impostor.requests.length, 0);
    return `deny-${answer?.status}`;
  },
};

/** Sends a ClientHello; "reject" when the connection ends without a handshake. */
async function refusesHello(options: HelloOptions): Promise<string> {
  await using fixture = await PolicyFixture.start();
  using client = new RawClient(await openBareTunnel(fixture.egress.port, "example.com:443"));
  await client.send(records(clientHello(options)));
  const bytes = await client.source.rest(5_000);
  assert.equal(fixture.bytes, 0);
  // At most an alert (content type 21) comes back.
  return bytes.length === 0 || bytes[0] === 21 ? "reject" : "allow";
}

async function connectTls(
  fixture: PolicyFixture,
  options: ConnectionOptions,
  wrap: (raw: Socket) => Duplex = (raw) => raw,
): Promise<TLSSocket> {
  const raw = net.connect(fixture.egress.port, "127.0.0.1");
  raw.write("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  const [answer] = await once(raw, "data");
  assert.equal(statusOf(answer), 200);
  const socket = tls.connect({
    socket: wrap(raw),
    servername: "example.com",
    ca: fixture.egress.trust,
    checkServerIdentity: () => undefined,
    ...options,
  });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

function statusOf(bytes: unknown): number | undefined {
  const digits = /^HTTP\/1\.1 (\d{3})/.exec(String(bytes))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Sends the ClientHello in records of 40 bytes and segments of 7. */
class FragmentingStream extends Duplex {
  readonly #raw: Socket;
  #first = true;

  constructor(raw: Socket) {
    super();
    this.#raw = raw;
    raw.setNoDelay(true);
    raw.on("data", (bytes) => this.push(bytes));
    raw.on("end", () => this.push(null));
    raw.on("close", () => this.destroy());
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    const sent = this.#first ? records(bytes.subarray(5), 40) : bytes;
    const pieces: Uint8Array[] = [];
    if (this.#first) {
      for (let at = 0; at < sent.length; at += 7) pieces.push(sent.subarray(at, at + 7));
    } else pieces.push(sent);
    this.#first = false;
    this.#send(pieces).then(() => done(), done);
  }

  async #send(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.#raw.write(piece, () => resolve()));
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }
}

/** Runs `openssl s_client` through the proxy for a moment, with `input` as what it sends. */
async function openssl(
  fixture: PolicyFixture,
  host: string,
  options: readonly string[],
  input: string,
): Promise<string> {
  const child = new Deno.Command("openssl", {
    args: [
      "s_client",
      "-proxy",
      `127.0.0.1:${fixture.egress.port}`,
      "-connect",
      `${host}:443`,
      "-servername",
      host,
      ...options,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${input}\n`));
  // s_client leaves when its input ends: not before the answer, and with it the tickets, had time to come.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await writer.close().catch(() => {});
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
