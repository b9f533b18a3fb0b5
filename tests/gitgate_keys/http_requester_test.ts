import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import net from "node:net";
import { HttpFailure, type HttpRequest } from "../../gitgate/deploy_keys/http.ts";
import { createHttpRequester, MAX_BODY } from "../../gitgate/deploy_keys/http_requester.ts";
import { FakeGithub } from "../fakes/forges/fake_github.ts";
import { ForgeScene, makeToken } from "../fakes/forges/forge_scene.ts";
import { plainAnswer, RecordingUpstream } from "../support/recording_upstream.ts";
import { TestAuthority } from "../support/test_authority.ts";

const NEVER = new AbortController().signal;

function get(url: string, signal = NEVER): HttpRequest {
  return { method: "GET", url: new URL(url), headers: { Accept: "*/*" }, signal };
}

async function failure(run: () => Promise<unknown>): Promise<HttpFailure> {
  let thrown: unknown;
  await rejects(run, (error) => (thrown = error, true));
  if (!(thrown instanceof HttpFailure)) throw thrown;
  return thrown;
}

Deno.test("createHttpRequester() sends what it is given and reads the whole answer, twice", async () => {
  const authority = new TestAuthority();
  await using upstream = RecordingUpstream.tls(
    authority,
    "127.0.0.1",
    () => plainAnswer("grüß dich", ["Link: a", "Link: b", "X-One: 1"], "201 Created"),
  );
  const request = createHttpRequester({ extraCa: authority.pem });
  for (let i = 0; i < 2; i++) {
    const answer = await request({
      method: "POST",
      url: new URL(`https://127.0.0.1:${upstream.port}/a%2Fb/c?d=e%20f`),
      headers: { "X-Sent": "yes" },
      body: "ü",
      signal: NEVER,
    });
    deepEqual([answer.status, answer.body], [201, "grüß dich"]);
    deepEqual([answer.headers.get("link"), answer.headers.get("x-one")], ["a, b", "1"]);
  }
  equal(upstream.connections, 2);
  const { target, headers, body } = upstream.requests[1]!;
  equal(target, "/a%2Fb/c?d=e%20f");
  deepEqual([headers.get("host"), headers.get("x-sent"), headers.get("content-length")], [
    `127.0.0.1:${upstream.port}`,
    "yes",
    "2",
  ]);
  equal(body.toString(), "ü");
});

Deno.test("createHttpRequester() trusts no other authority and no certificate for another name", async () => {
  const authority = new TestAuthority();
  await using strange = RecordingUpstream.tls(new TestAuthority(), "127.0.0.1");
  await using wrong = RecordingUpstream.tls(authority, "127.0.0.1", undefined, "git.example.com");
  await using right = RecordingUpstream.tls(authority, "127.0.0.1");
  const request = createHttpRequester({ extraCa: authority.pem });
  for (const upstream of [strange, wrong]) {
    const error = await failure(() => request(get(`https://127.0.0.1:${upstream.port}/`)));
    deepEqual([error.kind, error.sent], ["tls", false]);
    deepEqual(upstream.requests, []);
  }
  const untrusting = createHttpRequester();
  const error = await failure(() => untrusting(get(`https://127.0.0.1:${right.port}/`)));
  equal(error.kind, "tls");
  equal((await request(get(`https://127.0.0.1:${right.port}/`))).status, 200);
});

Deno.test("createHttpRequester() follows no redirect", async () => {
  const authority = new TestAuthority();
  await using upstream = RecordingUpstream.tls(
    authority,
    "127.0.0.1",
    () => plainAnswer("", ["Location: /elsewhere"], "302 Found"),
  );
  const request = createHttpRequester({ extraCa: authority.pem });
  equal((await request(get(`https://127.0.0.1:${upstream.port}/`))).status, 302);
  equal(upstream.requests.length, 1);
});

Deno.test("createHttpRequester() reads 1 MiB and not a byte more, whether or not the length is told", async () => {
  const authority = new TestAuthority();
  let answer = plainAnswer("x".repeat(MAX_BODY));
  await using upstream = RecordingUpstream.tls(authority, "127.0.0.1", () => answer);
  const request = createHttpRequester({ extraCa: authority.pem });
  const url = `https://127.0.0.1:${upstream.port}/`;
  equal((await request(get(url))).body.length, MAX_BODY);
  answer = plainAnswer("x".repeat(MAX_BODY + 1));
  const told = await failure(() => request(get(url)));
  deepEqual([told.kind, told.sent], ["too_large", true]);
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  upstream.respond = async (_, peer) => {
    await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (;;) await peer.write(chunk);
  };
  equal((await failure(() => request(get(url)))).kind, "too_large");
});

Deno.test("createHttpRequester() tells whether a request that failed may have been acted upon", async () => {
  const authority = new TestAuthority();
  await using upstream = RecordingUpstream.tls(authority, "127.0.0.1", () => "close");
  const request = createHttpRequester({ extraCa: authority.pem });
  const url = `https://127.0.0.1:${upstream.port}/`;
  const closed = await failure(() => request(get(url)));
  deepEqual([closed.kind, closed.sent], ["lost", true]);
  upstream.respond = () => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc";
  upstream.respond = async (_, peer) => {
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    return "close";
  };
  const cut = await failure(() => request(get(url)));
  deepEqual([cut.kind, cut.sent], ["lost", true]);
  upstream.respond = () => "SSH-2.0-OpenSSH_9.2\r\n";
  equal((await failure(() => request(get(url)))).kind, "lost");

  const silent = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  const handshake = await failure(() => request(get(`https://127.0.0.1:${port}/`)));
  deepEqual([handshake.kind, handshake.sent], ["tls", false]);
  await new Promise<void>((resolve) => silent.close(() => resolve()));
  const nobody = await failure(() => request(get(`https://127.0.0.1:${port}/`)));
  deepEqual([nobody.kind, nobody.sent], ["unreachable", false]);
});

Deno.test("createHttpRequester() ends when it is told to: connecting, shaking hands, waiting, reading", async () => {
  const authority = new TestAuthority();
  await using upstream = RecordingUpstream.tls(authority, "127.0.0.1");
  const controllers: AbortController[] = [];
  const signal = () => {
    controllers.push(new AbortController());
    return controllers.at(-1)!.signal;
  };
  const abort = () => controllers.at(-1)!.abort();
  const url = `https://127.0.0.1:${upstream.port}/`;
  const request = createHttpRequester({ extraCa: authority.pem });

  const early = await failure(() => request(get(url, AbortSignal.abort())));
  deepEqual([early.kind, early.sent], ["aborted", false]);

  const connecting = createHttpRequester({
    connect: (_host, _port, signal) => {
      abort();
      return signal.aborted ? Promise.reject(new Error("aborted")) : new Promise(() => {});
    },
  });
  deepEqual((await failure(() => connecting(get(url, signal())))).kind, "aborted");

  const sockets: net.Socket[] = [];
  const mute = net.createServer((socket) => {
    sockets.push(socket);
    abort();
  });
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const { port } = mute.address() as { port: number };
  const shaking = await failure(() => request(get(`https://127.0.0.1:${port}/`, signal())));
  deepEqual([shaking.kind, shaking.sent], ["aborted", false]);
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => mute.close(() => resolve()));

  upstream.respond = () => {
    abort();
    return undefined;
  };
  const waiting = await failure(() => request(get(url, signal())));
  deepEqual([waiting.kind, waiting.sent], ["aborted", true]);

  upstream.respond = async (_, peer) => {
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    abort();
    return undefined;
  };
  const reading = await failure(() => request(get(url, signal())));
  deepEqual([reading.kind, reading.sent], ["aborted", true]);
});

Deno.test("a fake forge refuses what no client of its API sends", async () => {
  const send = async (change: (request: HttpRequest) => HttpRequest): Promise<string> => {
    const scene = await ForgeScene.open("github");
    const proper: HttpRequest = {
      method: "GET",
      url: new URL(`${scene.forge.api}/repos/team/app/keys?per_page=100&page=1`),
      headers: {
        Authorization: `Bearer ${scene.token}`,
        Accept: "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "test",
      },
      signal: NEVER,
    };
    await scene.effects().request(change(proper));
    try {
      await scene[Symbol.asyncDispose]();
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const at = (request: HttpRequest, path: string) => ({
    ...request,
    url: new URL(path, request.url),
  });
  const headers = (request: HttpRequest, more: Record<string, string>) => ({
    ...request,
    headers: { ...request.headers, ...more },
  });
  equal(await send((request) => request), "");
  match(await send((request) => at(request, "/api/v3/user")), /not of this API/);
  match(await send((request) => at(request, "/repos/team/app/keys")), /not of this API/);
  match(await send((request) => at(request, "/api/v3/repos/team/app/keys?limit=5")), /query limit/);
  match(await send((request) => headers(request, { "User-Agent": "" })), /user-agent is missing/);
  match(await send((request) => headers(request, { "X-Github-Api-Version": "1" })), /api-version/);
  match(await send((request) => headers(request, { "X-More": "1" })), /x-more is not expected/);
  match(
    await send((request) => ({
      ...headers(request, { "Content-Type": "application/json" }),
      method: "POST",
      body: '{"title":"x","key":"y","can_push":true}',
    })),
    /can_push is not of this API/,
  );
  await using unmet = new FakeGithub();
  unmet.tokens.set(makeToken(), "admin");
  const faulty = new FakeGithub();
  faulty.fail({ on: "GET", answer: "hang" });
  await rejects(() => faulty[Symbol.asyncDispose](), /never met/);
  ok(unmet.violations.length === 0);
});
