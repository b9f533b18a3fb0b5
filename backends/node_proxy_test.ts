/** The script that is preloaded into a bottle's Node, run by a real Node against a proxy that tunnels to one TLS server. */
import assert from "node:assert/strict";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, connect as connectNet } from "node:net";
import { createServer as createTls } from "node:tls";

const PRELOAD = new URL("./node-proxy.cjs", import.meta.url).pathname;
/** node: servers close on a later turn than a test's end. */
const options = { sanitizeOps: false, sanitizeResources: false };

async function certificate(folder: string): Promise<{ key: string; cert: string }> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "2", "-subj", "/CN=allowed.example.com", "-keyout", `${folder}/key.pem`],
      ...["-out", `${folder}/cert.pem`, "-addext", "subjectAltName=DNS:allowed.example.com"],
    ],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return {
    key: await Deno.readTextFile(`${folder}/key.pem`),
    cert: await Deno.readTextFile(`${folder}/cert.pem`),
  };
}

/** Runs a Node program behind the proxy; what the proxy was asked for comes back with its output. */
async function behindProxy(program: string, module = false) {
  const folder = await Deno.makeTempDir({ prefix: "node-proxy-" });
  const asked: string[] = [];
  const tls = createTls(await certificate(folder), (socket) => {
    socket.on("error", () => {});
    socket.once("data", (chunk) => {
      const first = String(chunk).split("\r\n")[0];
      const body = `secure: ${first}`;
      socket.end(
        `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
  });
  await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
  const proxy = createHttp((request, response) => {
    asked.push(`${request.method} ${request.url} (${request.headers.host})`);
    response.end("plain");
  });
  proxy.on("connect", (request, client, head) => {
    asked.push(`CONNECT ${request.url}`);
    client.on("error", () => {});
    if (!request.url?.startsWith("allowed.")) {
      const body = JSON.stringify({
        error: { code: "host_not_allowed", reason: "Not on the list.", next: "ask" },
      });
      client.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    const upstream = connectNet((tls.address() as AddressInfo).port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const file = `${folder}/program.${module ? "mjs" : "cjs"}`;
  await Deno.writeTextFile(file, program);
  try {
    const { code, stdout, stderr } = await new Deno.Command("node", {
      args: [file],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        NODE_OPTIONS: `--require ${PRELOAD}`,
        NODE_USE_ENV_PROXY: "1",
        HTTPS_PROXY: `http://127.0.0.1:${port}`,
        HTTP_PROXY: `http://127.0.0.1:${port}`,
        NO_PROXY: "localhost,127.0.0.1,::1",
        NODE_EXTRA_CA_CERTS: `${folder}/cert.pem`,
      },
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr), asked };
  } finally {
    proxy.closeAllConnections();
    proxy.close();
    tls.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const CLIENTS: readonly (readonly [string, string])[] = [
  ["fetch", `fetch("https://allowed.example.com/a").then((r) => r.text()).then(console.log)`],
  [
    "https.get",
    `require("https").get("https://allowed.example.com/a", (r) => r.on("data", (d) => console.log(String(d))))`,
  ],
  [
    "https with an agent of its own",
    `const h = require("https"); h.get({ host: "allowed.example.com", path: "/a", agent: new h.Agent({ keepAlive: true }) },
      (r) => r.on("data", (d) => { console.log(String(d)); process.exit() }))`,
  ],
  [
    "a library that opens its own socket, as ws does",
    `const h = require("https"), tls = require("tls");
     h.get({ host: "allowed.example.com", path: "/a", createConnection: (o) => tls.connect({ ...o, path: undefined, servername: o.host, port: 443 }) },
      (r) => r.on("data", (d) => console.log(String(d))))`,
  ],
];

for (const [name, program] of CLIENTS) {
  Deno.test({
    name: `node-proxy sends ${name} through the proxy`,
    ...options,
    async fn() {
      const { stdout, stderr, asked } = await behindProxy(program);
      assert.equal(stdout.trim(), "secure: GET /a HTTP/1.1", stderr);
      assert.deepEqual(asked, ["CONNECT allowed.example.com:443"]);
    },
  });
}

Deno.test({
  name: "node-proxy reaches programs that import by name",
  ...options,
  async fn() {
    const { stdout, stderr } = await behindProxy(
      `import { get } from "node:https"; import { connect } from "node:tls"; void connect;
       get("https://allowed.example.com/m", (r) => r.on("data", (d) => console.log(String(d))));`,
      true,
    );
    assert.equal(stdout.trim(), "secure: GET /m HTTP/1.1", stderr);
  },
});

Deno.test({
  name: "node-proxy sends two requests in a row",
  ...options,
  async fn() {
    const { stdout, stderr } = await behindProxy(
      `(async () => { for (const n of [1, 2]) {
         const r = await fetch("https://allowed.example.com/" + n, { method: "POST", body: "x".repeat(50) });
         console.log(await r.text()); } })()`,
    );
    assert.equal(stdout, "secure: POST /1 HTTP/1.1\nsecure: POST /2 HTTP/1.1\n", stderr);
  },
});

Deno.test({
  name: "node-proxy asks for plain http in absolute form",
  ...options,
  async fn() {
    const { stdout, stderr, asked } = await behindProxy(
      `const http = require("http");
       http.get("http://plain.example.com/p?q=1", (r) => r.on("data", async (d) => {
         console.log(String(d)); console.log(await (await fetch("http://plain.example.com:8080/f")).text()) }))`,
    );
    assert.equal(stdout, "plain\nplain\n", stderr);
    assert.deepEqual(asked, [
      "GET http://plain.example.com/p?q=1 (plain.example.com)",
      "GET http://plain.example.com:8080/f (plain.example.com:8080)",
    ]);
  },
});

Deno.test({
  name: "node-proxy tells a program why the proxy refused",
  ...options,
  async fn() {
    const { stdout } = await behindProxy(
      `fetch("https://denied.example.com/").catch((e) => console.log(e.cause.code, e.cause.message))`,
    );
    assert.match(
      stdout,
      /^ERR_BOT_BOTTLE_DENIED .*403: host_not_allowed: Not on the list\. \(ask\)/,
    );
  },
});

Deno.test({
  name: "node-proxy leaves loopback alone",
  ...options,
  async fn() {
    const { stdout, stderr, asked } = await behindProxy(
      `const http = require("http");
       const server = http.createServer((q, s) => s.end("local " + q.url)).listen(0, "127.0.0.1", async () => {
         const { port } = server.address();
         console.log(await (await fetch("http://127.0.0.1:" + port + "/x")).text());
         http.get("http://localhost:" + port + "/y", (r) => r.on("data", (d) => { console.log(String(d)); process.exit() })); })`,
    );
    assert.equal(stdout, "local /x\nlocal /y\n", stderr);
    assert.deepEqual(asked, []);
  },
});
