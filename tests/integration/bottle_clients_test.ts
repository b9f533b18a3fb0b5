/**
 * Real programs in a real bottle, through `./bot-bottle run`, with no flag that names the proxy or its certificate.
 */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { Scratch } from "../cli/support.ts";
import { TestAuthority } from "../support/test_authority.ts";
import {
  echoService,
  gitService,
  type LocalService,
  npmService,
  prepare,
  pypiService,
  serveTls,
} from "./local_services.ts";

const HOST = "service.example.com";

/** A bottle that may reach one local service under a public name. */
class Scene implements AsyncDisposable {
  readonly at = new Scratch();
  readonly #authority = new TestAuthority();
  #service: LocalService | undefined;

  /** Serves `handler`, and writes the bottle `one` that leads to it. */
  open(handler: (request: Request) => Response | Promise<Response>, route = "", more = ""): void {
    this.#service = serveTls(this.#authority, HOST, handler);
    this.at.write("upstream_ca.pem", this.#authority.pem);
    this.at.bottle(
      "one",
      `${more}
egress:
  upstream_ca: ${join(this.at.home, "upstream_ca.pem")}
  hosts: { ${HOST}: 127.0.0.1 }
  routes:
    - host: ${HOST}
      ports: [${this.#service.port}]
      allow_private: true
      ${route}`,
    );
  }

  get url(): string {
    return `https://${HOST}:${this.#service!.port}`;
  }

  /** Runs a shell line in the bottle, with the project folder as its workspace. */
  async run(line: string, more: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.at.run([
      "run",
      "--bottle",
      "one",
      "--cwd",
      "--",
      "sh",
      "-c",
      line,
    ], more);
    assert.equal(code, 0, `${line}\n${stdout}\n${stderr}`);
    return stdout;
  }

  file(name: string, text: string): void {
    Deno.writeTextFileSync(join(this.at.project, name), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
    this.at[Symbol.dispose]();
  }
}

Deno.test("curl in a bottle reaches an allowed host over HTTP/2 and HTTP/1.1, and posts to it", async () => {
  await using scene = new Scene();
  scene.open(echoService);
  const out = await scene.run(
    `curl -sS -o /dev/null -w '%{http_code} %{http_version}\\n' ${scene.url}/a &&
     curl -sS --http1.1 -o /dev/null -w '%{http_code} %{http_version}\\n' ${scene.url}/b &&
     curl -sS -d hello ${scene.url}/c`,
  );
  const [first, second, third] = out.trim().split("\n");
  assert.deepEqual([first, second], ["200 2", "200 1.1"]);
  assert.equal(JSON.parse(third!).body, "hello");
});

Deno.test("every client in a bottle carries the route's credential, and none of them has it", async () => {
  await using scene = new Scene();
  const secret = `tok-${crypto.randomUUID()}`;
  const seen: (string | null)[] = [];
  scene.open((request) => {
    seen.push(request.headers.get("authorization"));
    return new Response("fine");
  }, "auth: { scheme: Bearer, token_ref: API_TOKEN }");
  const out = await scene.run(
    `curl -sS ${scene.url}/ && curl -sS -H 'Authorization: Bearer mine' ${scene.url}/ && env`,
    { API_TOKEN: secret },
  );
  assert.deepEqual(seen, [`Bearer ${secret}`, `Bearer ${secret}`]);
  assert.ok(!out.includes(secret));
});

Deno.test("git in a bottle clones and fetches where git.fetch allows it, and never pushes", async () => {
  await using scene = new Scene();
  const repositories = await Deno.makeTempDir({ prefix: "bb-git-" });
  try {
    const identity = {
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@example.org",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@example.org",
    };
    await prepare("git", ["init", "-q", "-b", "main", "work"], repositories);
    await Deno.writeTextFile(join(repositories, "work/file"), "content\n".repeat(20_000));
    await prepare("git", ["-C", "work", "add", "."], repositories);
    await prepare("git", ["-C", "work", "commit", "-q", "-m", "first"], repositories, identity);
    await prepare("git", ["clone", "-q", "--bare", "work", "app.git"], repositories);
    await prepare("git", ["-C", "app.git", "config", "http.receivepack", "true"], repositories);
    scene.open(gitService(repositories), "git: { fetch: true }");
    const out = await scene.run(
      `git clone -q ${scene.url}/app.git app && cd app && wc -l < file && git fetch -q && git log --format=%s &&
       git -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m second &&
       { git push -q origin main 2>&1 && echo PUSHED || echo refused; }`,
    );
    const lines = out.trim().split("\n");
    assert.deepEqual([lines[0]?.trim(), lines[1], lines.at(-1)], ["20000", "first", "refused"]);
  } finally {
    await Deno.remove(repositories, { recursive: true });
  }
});

Deno.test("git in a bottle cannot even clone without git.fetch", async () => {
  await using scene = new Scene();
  scene.open(() => new Response("never asked"));
  const out = await scene.run(
    `git clone -q ${scene.url}/app.git 2>&1 && echo CLONED || echo refused`,
  );
  assert.match(out, /403[\s\S]*refused/);
});

Deno.test("npm in a bottle installs a plain and a scoped package", async () => {
  await using scene = new Scene();
  const folder = await Deno.makeTempDir({ prefix: "bb-npm-" });
  try {
    scene.open(await npmService(folder, () => scene.url));
    scene.file(
      "package.json",
      JSON.stringify({ name: "project", version: "1.0.0", private: true }),
    );
    const out = await scene.run(
      `npm_config_registry=${scene.url}/ npm install --no-audit --no-fund plain-package @scope/scoped-package >&2 &&
       node -p 'require("plain-package") + ", " + require("@scope/scoped-package")'`,
    );
    assert.equal(out.trim(), "plain-package works, @scope/scoped-package works");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("pip in a bottle downloads a package", async () => {
  await using scene = new Scene();
  const folder = await Deno.makeTempDir({ prefix: "bb-pip-" });
  try {
    scene.open(await pypiService(folder));
    const out = await scene.run(
      `PIP_INDEX_URL=${scene.url}/simple/ python3 -m pip download --no-deps --disable-pip-version-check -q demo-package >&2 && ls *.whl`,
    );
    assert.equal(out.trim(), "demo_package-1.0.0-py3-none-any.whl");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Python's urllib and requests in a bottle need no flags", async () => {
  await using scene = new Scene();
  scene.open(echoService);
  scene.file(
    "ask.py",
    `import json, sys, urllib.request, requests
base = sys.argv[1]
print(json.load(urllib.request.urlopen(base + "/urllib"))["path"])
print(requests.post(base + "/requests", data="hello").json()["body"])
`,
  );
  assert.equal(await scene.run(`python3 ask.py ${scene.url}`), "/urllib\nhello\n");
});

Deno.test("Node's fetch and https in a bottle need no flags", async () => {
  await using scene = new Scene();
  scene.open(echoService);
  scene.file(
    "ask.mjs",
    `import https from "node:https";
const base = process.argv[2];
console.log((await (await fetch(base + "/fetch", { method: "POST", body: "hello" })).json()).body);
https.get(base + "/https", (answer) => {
  let text = "";
  answer.on("data", (piece) => text += piece).on("end", () => console.log(JSON.parse(text).path));
});
`,
  );
  assert.equal(await scene.run(`node ask.mjs ${scene.url}`), "hello\n/https\n");
});

Deno.test("Go's net/http in a bottle needs no flags", async () => {
  await using scene = new Scene();
  scene.open(echoService);
  scene.file("go.mod", "module ask\n\ngo 1.20\n");
  scene.file(
    "main.go",
    `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	answer, err := http.Post(os.Args[1]+"/go", "text/plain", strings.NewReader("hello"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.Proto, answer.StatusCode, strings.Contains(string(body), "hello"))
}
`,
  );
  await prepare("go", ["build", "-o", "ask", "."], scene.at.project, { CGO_ENABLED: "0" });
  assert.match(await scene.run(`./ask ${scene.url}`), /^HTTP\/(1\.1|2\.0) 200 true\n$/);
});

Deno.test("a WebSocket client in a bottle exchanges text and binary messages", async () => {
  await using scene = new Scene();
  scene.open((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  // A client of few lines, since no WebSocket library is on every machine: RFC 6455 over node:https.
  scene.file(
    "ws.mjs",
    `import https from "node:https";
import { randomBytes } from "node:crypto";
const request = https.request(process.argv[2] + "/ws", { headers: { Connection: "Upgrade", Upgrade: "websocket",
  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
  "Sec-WebSocket-Extensions": "permessage-deflate" } });
const frame = (opcode, payload) => {
  const mask = randomBytes(4);
  const head = payload.length < 126 ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
    : Buffer.from([0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4])]);
};
request.on("upgrade", (answer, socket) => {
  console.log(answer.statusCode, answer.headers["sec-websocket-extensions"] ?? "no extension");
  const binary = Buffer.alloc(60000, 7);
  socket.write(Buffer.concat([frame(1, Buffer.from("hello")), frame(2, binary)]));
  let got = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    got = Buffer.concat([got, bytes]);
    if (got.length < 2 + 5 + 4 + 60000) return;
    console.log(got.toString("latin1", 2, 7), got.subarray(11).equals(binary));
    socket.end(frame(8, Buffer.from([3, 232])));
    process.exit(0);
  });
});
request.end();
`,
  );
  assert.equal(await scene.run(`node ws.mjs ${scene.url}`), "101 no extension\nhello true\n");
});

Deno.test("with an empty allowlist each of these clients is refused, and nothing arrives", async () => {
  await using scene = new Scene();
  const arrived: string[] = [];
  scene.open((request) => {
    arrived.push(request.url);
    return new Response("arrived");
  });
  scene.at.bottle("one", "egress: { routes: [] }");
  const lines = [
    `curl -sS ${scene.url}/`,
    `curl -sS --noproxy '*' ${scene.url}/`,
    `git clone -q ${scene.url}/app.git`,
    `npm_config_registry=${scene.url}/ npm_config_fetch_retries=0 npm install plain-package`,
    `PIP_INDEX_URL=${scene.url}/simple/ python3 -m pip download --retries 0 demo-package`,
    `python3 -c 'import urllib.request as u; u.urlopen("${scene.url}/")'`,
    `python3 -c 'import requests; requests.get("${scene.url}/")'`,
    `node -e 'fetch("${scene.url}/").then(() => process.exit(0), () => process.exit(1))'`,
    `env -i /usr/bin/curl -sS ${scene.url}/`,
  ];
  const script = lines.map((line, i) =>
    `{ ${line}; } >/dev/null 2>&1 && echo "${i} WENT" || echo "${i} refused"`
  ).join("\n");
  const out = await scene.run(script);
  assert.deepEqual(out.trim().split("\n"), lines.map((_, i) => `${i} refused`));
  assert.deepEqual(arrived, []);
});
