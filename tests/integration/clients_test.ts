/** Real programs and real traffic through the proxy on TCP: what a bottle's clients do, without the bottle. */
import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { EgressFixture } from "../support/egress_fixture.ts";
import { PATIENCE } from "../support/raw_client.ts";
import { plainAnswer, RecordingUpstream, type Respond } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

const HOST = "service.example.com";
const MEGABYTE = 1024 * 1024;

/** A proxy, one allowed host behind it, and the CA in a file for programs that want one. */
class Service implements AsyncDisposable {
  readonly roots = new TestAuthority();
  readonly upstream: RecordingUpstream;
  readonly trustFile = Deno.makeTempFileSync({ suffix: ".pem" });
  #egress: EgressFixture | undefined;

  private constructor(respond: Respond) {
    this.upstream = RecordingUpstream.tls(this.roots, HOST, respond);
  }

  static async start(respond: Respond, route: Record<string, unknown> = {}): Promise<Service> {
    const service = new Service(respond);
    service.#egress = await EgressFixture.start({
      routes: [{ host: HOST, ...route }],
      upstreams: [service.upstream],
      roots: service.roots,
      tokens: { EGRESS_TOKEN_0: `token-${crypto.randomUUID()}` },
    });
    Deno.writeTextFileSync(service.trustFile, service.egress.trust);
    return service;
  }

  get egress(): EgressFixture {
    return this.#egress!;
  }

  tunnel() {
    return this.egress.tunnel(`${HOST}:443`);
  }

  /** Runs curl through the proxy, by the environment that clients read. */
  async curl(...args: string[]): Promise<{ code: number; stdout: Buffer; stderr: string }> {
    const command = new Deno.Command("curl", {
      args: ["--silent", "--show-error", ...args],
      env: {
        HTTPS_PROXY: `http://127.0.0.1:${this.egress.port}`,
        CURL_CA_BUNDLE: this.trustFile,
      },
    });
    const { code, stdout, stderr } = await command.output();
    return { code, stdout: Buffer.from(stdout), stderr: new TextDecoder().decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#egress?.[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
    Deno.removeSync(this.trustFile);
  }
}

const get = (path: string, ...fields: string[]) =>
  [`GET ${path} HTTP/1.1`, `Host: ${HOST}`, ...fields, "\r\n"].join("\r\n");

for (const [flag, version] of [["--http1.1", "1.1"], ["--http2", "2"]] as const) {
  Deno.test(`curl ${flag} gets, posts and is refused like anybody else`, async () => {
    await using service = await Service.start(
      ({ method, body }) => plainAnswer(`${method} ${body}`),
      { matches: [{ paths: [{ value: "/v1/" }] }] },
    );
    const url = `https://${HOST}/v1/x`;
    const shown = await service.curl(flag, "--write-out", " %{http_version}", url, url);
    assert.equal(String(shown.stdout), `GET  ${version}GET  ${version}`, shown.stderr);
    const posted = await service.curl(flag, "--data", "hello", url);
    assert.equal(String(posted.stdout), "POST hello");
    const refused = await service.curl(flag, `https://${HOST}/admin`);
    assert.equal(JSON.parse(String(refused.stdout)).error.code, "request_not_allowed");
    const failed = await service.curl(flag, "https://other.example.org/");
    assert.equal(failed.code, 56);
    assert.match(failed.stderr, /403/);
  });
}

Deno.test("curl downloads and uploads 200 MB each way, unchanged, over HTTP/1.1 and HTTP/2", async () => {
  const size = 200 * MEGABYTE;
  const block = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536)));
  const expected = createHash("sha256");
  for (let sent = 0; sent < size; sent += block.length) expected.update(block);
  const hash = expected.digest("hex");
  await using service = await Service.start(async ({ method, body }, peer) => {
    if (method === "POST") return plainAnswer(createHash("sha256").update(body).digest("hex"));
    await peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    for (let sent = 0; sent < size; sent += block.length) await peer.write(block);
    return undefined;
  }, { dlp: { outbound_detectors: false } });
  const file = await Deno.makeTempFile();
  try {
    for (const flag of ["--http1.1", "--http2"]) {
      const down = await service.curl(flag, "--output", file, `https://${HOST}/big`);
      assert.equal(down.code, 0, down.stderr);
      assert.equal(await hashOf(file), hash, `download ${flag}`);
      const up = await service.curl(flag, "--data-binary", `@${file}`, `https://${HOST}/big`);
      assert.equal(String(up.stdout), hash, `upload ${flag}: ${up.stderr}`);
    }
  } finally {
    await Deno.remove(file);
  }
});

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of (await Deno.open(file)).readable) hash.update(bytes);
  return hash.digest("hex");
}

for (const route of [{}, { auth: { scheme: "Bearer", token_ref: "EGRESS_TOKEN_0" } }]) {
  const kind = "auth" in route ? "a scrubbed" : "a plain";
  Deno.test(`a client that stops reading ${kind} answer stops its sender, not the proxy's memory`, async () => {
    const block = Buffer.alloc(MEGABYTE, "x");
    let sent = 0;
    await using service = await Service.start(async (_request, peer) => {
      await peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${1024 * MEGABYTE}\r\n\r\n`);
      for (; sent < 1024; sent++) await peer.write(block);
      return undefined;
    }, route);
    using client = await service.tunnel();
    await client.send(get("/endless"));
    await client.source.takeThrough("\r\n\r\n", PATIENCE);
    await settled(() => sent);
    // Buffers of two TCP connections in the kernel and some in the proxy: not a tenth of the answer.
    assert.ok(sent < 100, `${sent} MB were taken from the upstream`);
    await client.source.take(20 * MEGABYTE, PATIENCE);
    assert.ok(sent > 0, "and it goes on when the client reads");
  });
}

Deno.test("an upstream that stops reading stops the client that sends to it", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const size = 512 * MEGABYTE;
  await using service = await Service.start(() => plainAnswer("unused"));
  // The recorder reads whole bodies; this upstream reads none until it is told to.
  const { certificate, key } = service.roots.leaf(HOST);
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key });
  const serving = (async () => {
    using connection = await listener.accept();
    await released;
    void connection;
  })();
  const slow = { host: HOST, secure: true, port: (listener.addr as Deno.NetAddr).port };
  await using egress = await EgressFixture.start({
    // A body that is looked at is read as a whole, up to max_body, before the upstream is asked at all.
    routes: [{ host: HOST, dlp: { outbound_detectors: false } }],
    upstreams: [slow as RecordingUpstream],
    roots: service.roots,
  });
  using client = await egress.tunnel(`${HOST}:443`);
  await client.send(`POST /big HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${size}\r\n\r\n`);
  const block = Buffer.alloc(MEGABYTE);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 512; sent++) await client.send(block);
  })().catch(() => {});
  await settled(() => sent);
  assert.ok(sent < 100, `${sent} MB were taken from the client`);
  release();
  await serving;
  client[Symbol.dispose]();
  await sending;
});

/** Waits until a count no longer changes. */
async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count();) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

Deno.test("Expect: 100-continue is answered before the body is sent, and not passed on", async () => {
  await using service = await Service.start(({ body }) => plainAnswer(body));
  using client = await service.tunnel();
  for (let request = 0; request < 2; request++) {
    await client.send(
      `PUT / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    const interim = await client.source.takeThrough("\r\n\r\n", PATIENCE);
    assert.match(String(interim), /^HTTP\/1\.1 100 /);
    assert.equal(String((await client.ask("hello"))?.body), "hello");
  }
  for (const { headers } of service.upstream.requests) assert.equal(headers.has("expect"), false);
});

Deno.test("a refused request is not told to continue", async () => {
  await using service = await Service.start(({ body }) => plainAnswer(body), {
    matches: [{ methods: ["GET"] }],
  });
  using client = await service.tunnel();
  const answer = await client.ask(
    `PUT / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
  );
  assert.equal(answer?.status, 403);
  assert.ok(!answer.head.includes("100 Continue"));
});

const BODILESS: readonly (readonly [string, string, string, number])[] = [
  ["HEAD", "/", "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", 200],
  ["HEAD", "/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200],
  ["DELETE", "/", "HTTP/1.1 204 No Content\r\n\r\n", 204],
  ["GET", "/cached", 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 99\r\n\r\n', 304],
];
for (const [method, path, raw, status] of BODILESS) {
  Deno.test(`a ${status} answer to ${method} ${path} has no body, and the connection goes on`, async () => {
    await using service = await Service.start(({ target }) =>
      target === "/next" ? plainAnswer("next") : raw
    );
    using client = await service.tunnel();
    const answer = await client.ask(`${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    assert.equal(answer?.status, status);
    const length = /Content-Length: (\d+)/.exec(raw)?.[1];
    if (status !== 204) assert.equal(answer.headers.get("content-length"), length);
    assert.equal(String((await client.ask(get("/next")))?.body), "next");
    assert.equal(service.upstream.connections, 1);
  });
}

Deno.test("a connection carries many requests, upstream too, until either side says that it is over", async () => {
  await using service = await Service.start(({ target }) =>
    plainAnswer(target, target === "/last" ? ["Connection: close"] : [])
  );
  using client = await service.tunnel();
  for (let request = 0; request < 20; request++) {
    assert.equal(String((await client.ask(get(`/${request}`)))?.body), `/${request}`);
  }
  assert.equal(service.upstream.connections, 1);
  const last = await client.ask(get("/last"));
  assert.equal(
    last?.headers.has("connection"),
    false,
    "the upstream's connection is its own matter",
  );
  assert.equal(String((await client.ask(get("/after")))?.body), "/after");
  assert.equal(service.upstream.connections, 2);
  const closed = await client.ask(get("/end", "Connection: close"));
  assert.equal(closed?.headers.get("connection"), "close");
  assert.ok(await client.closes());
});

Deno.test("a kept upstream connection that was closed meanwhile is replaced without the client knowing", async () => {
  await using service = await Service.start(({ target }) => plainAnswer(target));
  using client = await service.tunnel();
  assert.equal((await client.ask(get("/a")))?.status, 200);
  service.upstream.hangUp();
  assert.equal(String((await client.ask(get("/b")))?.body), "/b");
  assert.equal(service.upstream.connections, 2);
});

Deno.test("pipelined requests are answered in their order", async () => {
  await using service = await Service.start(async ({ target }) => {
    if (target === "/0") await new Promise((resolve) => setTimeout(resolve, 50));
    return plainAnswer(target);
  });
  using client = await service.tunnel();
  await client.send([0, 1, 2, 3].map((number) => get(`/${number}`)).join(""));
  for (let number = 0; number < 4; number++) {
    assert.equal(String((await client.answer())?.body), `/${number}`);
  }
});

Deno.test("an event stream arrives piece by piece, over HTTP/1.1 and through curl on HTTP/2", async () => {
  let step = () => {};
  const events: Respond = async (_request, peer) => {
    await peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    for (let event = 0; event < 3; event++) {
      await peer.write(`data: ${event}\n\n`);
      await new Promise<void>((resolve) => step = resolve);
    }
    return "close";
  };
  await using service = await Service.start(events);
  using client = await service.tunnel();
  await client.send(get("/events"));
  for (let event = 0; event < 3; event++) {
    await client.source.takeThrough(`data: ${event}\n\n`, PATIENCE);
    step(); // the next one is sent only now
  }
  const child = new Deno.Command("curl", {
    args: ["--silent", "--no-buffer", "--http2", `https://${HOST}/events`],
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${service.egress.port}`,
      CURL_CA_BUNDLE: service.trustFile,
    },
    stdout: "piped",
  }).spawn();
  let text = "";
  let seen = 0;
  for await (const bytes of child.stdout) {
    text += new TextDecoder().decode(bytes);
    for (; text.includes(`data: ${seen}\n\n`); seen++) step();
  }
  assert.equal((await child.status).code, 0);
  assert.equal(text, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
});

Deno.test("an answer of HTTP/1.0 that ends with its connection is passed on whole", async () => {
  await using service = await Service.start(async (_request, peer) => {
    await peer.write("HTTP/1.0 200 OK\r\n\r\nall of it");
    return "close";
  });
  using client = await service.tunnel();
  assert.equal(String((await client.ask(get("/")))?.body), "all of it");
  assert.equal(String((await client.ask(get("/")))?.body), "all of it");
});

Deno.test("an answer that is cut short does not look whole", async () => {
  const cut = [
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
  ];
  for (const answer of cut) {
    await using service = await Service.start(async (_request, peer) => {
      await peer.write(answer);
      return "close";
    });
    using client = await service.tunnel();
    await assert.rejects(client.ask(get("/")), /cut short|malformed/);
    assert.match(String(service.egress.events.at(-1)?.incomplete ?? ""), /./);
  }
});

Deno.test("curl is told at once that a body is too large to be looked at, over HTTP/1.1 and HTTP/2", async () => {
  await using service = await Service.start(() => plainAnswer("never"));
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, new Uint8Array(40 * MEGABYTE));
    for (const flag of ["--http1.1", "--http2"]) {
      for (const framing of [[], ["-H", "Transfer-Encoding: chunked"]]) {
        const chunked = framing.length > 0 && flag === "--http1.1" ? framing : [];
        const up = await service.curl(
          flag,
          ...chunked,
          "--write-out",
          "%{http_code}",
          "--output",
          "/dev/null",
          "--data-binary",
          `@${file}`,
          `https://${HOST}/big`,
        );
        assert.equal(String(up.stdout), "413", `${flag} ${chunked}: ${up.stderr}`);
      }
    }
    assert.equal(service.upstream.bytes, 0);
  } finally {
    await Deno.remove(file);
  }
});
