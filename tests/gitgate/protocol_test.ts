import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { parseRepo } from "../../gitgate/repo_config.ts";
import { startGate } from "../../gitgate/gate.ts";

/** A gate whose upstream nobody ever asks. */
async function lonelyGate() {
  const folder = Deno.makeTempDirSync({ prefix: "bb-gate-" });
  const defects: unknown[] = [];
  const options = {
    dir: join(folder, "gate"),
    repos: [parseRepo({ name: "app", url: "https://git.invalid/app.git" })],
    tools: { git: "/nonexistent/git" },
    knownSecrets: [],
    token: () => undefined,
    record: () => {},
    onDefect: (error: unknown) => void defects.push(error),
    limits: { request_bytes: 100_000, connections: 4 },
    timeouts: { idle: 5_000 },
  };
  const gate = await startGate({ ...options, listen: { host: "127.0.0.1", port: 0 } });
  return {
    options,
    folder,
    defects,
    port: gate.port,
    gate,
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Sends bytes and reads the whole answer. */
async function exchange(port: number, request: string): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(request));
  await conn.closeWrite();
  let answer = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65536);
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    answer += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return answer;
}

Deno.test("the gate answers the paths of smart HTTP and no others", async (t) => {
  await using gate = await lonelyGate();
  const H = "host: gate\r\n";
  const rows: readonly (readonly [string, string, number])[] = [
    [
      "an unknown repository",
      `GET /other.git/info/refs?service=git-upload-pack HTTP/1.1\r\n${H}\r\n`,
      404,
    ],
    [
      "a path that climbs",
      `GET /../app.git/info/refs?service=git-upload-pack HTTP/1.1\r\n${H}\r\n`,
      404,
    ],
    ["an encoded line break", `GET /app%0a.git/info/refs HTTP/1.1\r\n${H}\r\n`, 404],
    ["the older protocol", `GET /app.git/info/refs HTTP/1.1\r\n${H}\r\n`, 404],
    ["a file of the older protocol", `GET /app.git/objects/info/packs HTTP/1.1\r\n${H}\r\n`, 404],
    ["the repository's own file", `GET /app.git/config HTTP/1.1\r\n${H}\r\n`, 404],
    [
      "git-upload-archive",
      `POST /app.git/git-upload-archive HTTP/1.1\r\n${H}content-length: 0\r\n\r\n`,
      404,
    ],
    ["an unknown service", `GET /app.git/info/refs?service=git-shell HTTP/1.1\r\n${H}\r\n`, 404],
    [
      "two services",
      `GET /app.git/info/refs?service=git-upload-pack&service=git-receive-pack HTTP/1.1\r\n${H}\r\n`,
      404,
    ],
    ["the root", `GET / HTTP/1.1\r\n${H}\r\n`, 404],
    ["another method", `PUT /app.git/git-receive-pack HTTP/1.1\r\n${H}\r\n`, 405],
    ["GET of a service", `GET /app.git/git-receive-pack HTTP/1.1\r\n${H}\r\n`, 405],
    ["POST of the refs", `POST /app.git/info/refs HTTP/1.1\r\n${H}content-length: 0\r\n\r\n`, 405],
    [
      "two lengths",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0000`,
      400,
    ],
    [
      "a repeated length",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\n0000`,
      400,
    ],
    ["a body without a length", `POST /app.git/git-upload-pack HTTP/1.1\r\n${H}\r\n`, 411],
    [
      "a length that is no number",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: +4\r\n\r\n0000`,
      400,
    ],
    [
      "an unknown content coding",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 4\r\ncontent-encoding: br\r\n\r\n0000`,
      415,
    ],
    [
      "a body that is no gzip",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 4\r\ncontent-encoding: gzip\r\n\r\n0000`,
      400,
    ],
    [
      "a chunk without a size",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxx\r\n`,
      400,
    ],
    [
      "a malformed pkt-line",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 4\r\n\r\n00zz`,
      400,
    ],
    [
      "a pkt-line of three bytes",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 4\r\n\r\n0003`,
      400,
    ],
    [
      "a pkt-line that is cut off",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 6\r\n\r\n0032wa`,
      400,
    ],
    [
      "a push of no commands",
      `POST /app.git/git-receive-pack HTTP/1.1\r\ncontent-length: 12\r\n\r\n0008abcd0000`,
      400,
    ],
    [
      "a fetch request that is too large",
      `POST /app.git/git-upload-pack HTTP/1.1\r\ncontent-length: 120000\r\n\r\n${
        `ea60${"x".repeat(59996)}`.repeat(2)
      }`,
      413,
    ],
    ["a folded header", `GET /app.git/info/refs HTTP/1.1\r\nhost: gate\r\n folded: 1\r\n\r\n`, 400],
    ["a bare line feed", `GET /app.git/info/refs HTTP/1.1\nhost: gate\n\n`, 400],
    ["a head without an end", `GET /${"a".repeat(20_000)}`, 400],
    ["HTTP/2 as it begins", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["an absolute URL", `GET http://evil.example/app.git/info/refs HTTP/1.1\r\n${H}\r\n`, 400],
  ];
  for (const [name, request, status] of rows) {
    await t.step(`${name}: ${status}`, async () => {
      const answer = await exchange(gate.port, request);
      assert.equal(answer.slice(0, 12), `HTTP/1.1 ${status}`, answer);
    });
  }
  assert.deepEqual(gate.defects, []);
});

Deno.test("the gate closes connections beyond its limit, and takes new ones when others end", async () => {
  await using gate = await lonelyGate();
  const open = await Promise.all(
    Array.from({ length: 4 }, () => Deno.connect({ hostname: "127.0.0.1", port: gate.port })),
  );
  // A fifth is closed without an answer, once the others were accepted.
  const fifth = await Deno.connect({ hostname: "127.0.0.1", port: gate.port });
  assert.equal(await fifth.read(new Uint8Array(1)).catch(() => null), null);
  fifth.close();
  for (const conn of open) conn.close();
  for (let tries = 0;; tries++) {
    const answer = await exchange(gate.port, "GET / HTTP/1.1\r\nhost: gate\r\n\r\n").catch(() =>
      ""
    );
    if (answer.startsWith("HTTP/1.1 404")) break;
    assert.ok(tries < 400);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
});

Deno.test("the gate listens on a unix socket, and takes the place of one that a killed gate left", async () => {
  await using gate = await lonelyGate();
  const unix = join(gate.folder, "git.sock");
  Deno.listen({ transport: "unix", path: unix }).close();
  Deno.writeTextFileSync(`${unix}.other`, "");
  for (let round = 0; round < 2; round++) {
    const second = await startGate({
      ...gate.options,
      dir: join(gate.folder, "second"),
      listen: { unix },
    });
    using conn = await Deno.connect({ transport: "unix", path: unix });
    await conn.write(new TextEncoder().encode("GET /x HTTP/1.1\r\nhost: gate\r\n\r\n"));
    const buffer = new Uint8Array(100);
    const count = await conn.read(buffer);
    assert.match(new TextDecoder().decode(buffer.subarray(0, count!)), /^HTTP\/1.1 404/);
    await second.drain(1_000);
    assert.throws(() => Deno.lstatSync(unix), Deno.errors.NotFound);
  }
});

Deno.test("the gate does not work in a folder that others can enter", async () => {
  await using gate = await lonelyGate();
  const dir = join(gate.folder, "open");
  Deno.mkdirSync(dir, { mode: 0o755 });
  await assert.rejects(
    startGate({ ...gate.options, dir, listen: { host: "127.0.0.1", port: 0 } }),
    /it is not a private folder/,
  );
});
