import assert from "node:assert/strict";
import { getFields, Http2Client } from "../support/http2_client.ts";
import { ALLOWED, get, post, Scene } from "./egress_scene.ts";

const NARROW = { matches: [{ paths: [{ value: "/v1/" }], methods: ["GET", "POST"] }] };

/** Spellings of a path outside the prefix, all the way to how they are refused. */
const ESCAPES: readonly (readonly [string, string])[] = [
  ["/v1/../admin", "request_not_allowed"],
  ["/v1/..", "request_not_allowed"],
  ["/v1/%2e%2e/admin", "request_not_allowed"],
  ["/v1/%2E%2e/admin", "request_not_allowed"],
  ["/v1/.%2e/admin", "request_not_allowed"],
  ["/v1/./../admin", "request_not_allowed"],
  ["/v1//../admin", "request_not_allowed"],
  ["/v1/x/../../admin", "request_not_allowed"],
  ["/v1", "request_not_allowed"],
  ["/V1/x", "request_not_allowed"],
  ["/", "request_not_allowed"],
  ["/admin/v1/", "request_not_allowed"],
  ["/admin?/v1/", "request_not_allowed"],
  ["/v1/%252e%252e/admin", "path_not_canonical"],
  ["/v1/%25252e%25252e/admin", "path_not_canonical"],
  ["/v1/..%2fadmin", "path_not_canonical"],
  ["/v1/%2e%2e%2fadmin", "path_not_canonical"],
  ["/v1/x%2fy", "path_not_canonical"],
  ["/v1/..%5cadmin", "path_not_canonical"],
  ["/v1/..\\admin", "path_not_canonical"],
  ["/v1/..;/admin", "path_not_canonical"],
  ["/v1/..;a=b/admin", "path_not_canonical"],
  ["/v1/%2e%2e;/admin", "path_not_canonical"],
  ["/v1/..%3b/admin", "path_not_canonical"],
  ["/v1%00/x", "path_not_canonical"],
  ["/v1/x%00.png", "path_not_canonical"],
  ["/v1/%0d%0aX:y", "path_not_canonical"],
  ["/v1/%0a", "path_not_canonical"],
  ["/v1/%ff", "path_not_canonical"],
  ["/v1/%c0%ae%c0%ae/admin", "path_not_canonical"], // over-long dots
  ["/v1/%ed%a0%80", "path_not_canonical"], // a surrogate
  ["/v1/%", "path_not_canonical"],
  ["/v1/%2", "path_not_canonical"],
  ["/v1/%zz", "path_not_canonical"],
  ["/v1/%u002e", "path_not_canonical"],
  ["/v1/x#/../admin", "path_not_canonical"],
  ["//v1/x", "path_not_canonical"],
  ["///v1/x", "path_not_canonical"],
  ["v1/x", "malformed_request"],
  ["/v1/\u00e9", "malformed_request"],
  ["/v1/\x7f", "malformed_request"],
];
for (const [path, code] of ESCAPES) {
  Deno.test(`B6 the path ${JSON.stringify(path)} is refused with ${code}`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route(NARROW)]);
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(get(path)), code);
  });
}

Deno.test("B6 HTTP/2 paths are held to the same form", async () => {
  await using scene = await Scene.start();
  scene.egress.reload([scene.route(NARROW)]);
  for (const [path] of ESCAPES) {
    using client = await Http2Client.start(await scene.tunnel(["h2"]));
    await client.request(1, getFields(ALLOWED, path));
    const { status, reset, goAway, closed } = await client.outcome(1);
    const refused = status === 403 || status === 400 || reset !== undefined ||
      goAway !== undefined || closed;
    assert.ok(refused, `${path}: ${status}`);
  }
  scene.assertNothingSent();
});

const CANONICAL: readonly (readonly [string, string])[] = [
  ["/%76%31/x", "/v1/x"],
  ["/v1/./x", "/v1/x"],
  ["/v1//x", "/v1/x"],
  ["/v1/a/../x", "/v1/x"],
  ["/v1/%7euser", "/v1/~user"],
  ["/v1/a%20b", "/v1/a%20b"],
  ["/v1/a%c3%a9", "/v1/a%C3%A9"],
  ["/v1/a;b=c", "/v1/a;b=c"],
  ["/v1/?a=../..&b=%2f%00", "/v1/?a=../..&b=%2f%00"],
  ["/v1/@scope%2fname", "/v1/@scope%2Fname"],
];
for (const [sent, received] of CANONICAL) {
  Deno.test(`B6 the path ${sent} goes upstream as ${received}, the form that was matched`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route(NARROW)]);
    using client = await scene.tunnel();
    assert.equal((await client.ask(get(sent)))?.status, 200);
    assert.equal(scene.allowed.onlyRequest.target, received);
    assert.equal(scene.egress.events.at(-1)?.path, received.split("?")[0]);
  });
}

const GRAPHQL = ["/graphql", "/%67raphql", "/api/../graphql", "//graphql", "/GraphQL", "/graphql/"];
for (const path of GRAPHQL) {
  Deno.test(`B7 a GraphQL endpoint that no match covers is out of reach as ${path}`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([
      scene.route({ matches: [{ paths: [{ value: "/repos/acme/app/" }], methods: ["GET"] }] }),
    ]);
    using client = await scene.tunnel();
    const body = '{"query":"mutation{a:createIssue b:resource(url:\\"x\\")}"}';
    const answer = await client.ask(post(path, [`Content-Length: ${body.length}`], body));
    scene.assertRefused(answer, "request_not_allowed", "path_not_canonical");
    const byGet = await client.ask(get(`${path}?query=%7Bviewer%7D`));
    scene.assertRefused(byGet, "request_not_allowed", "path_not_canonical");
  });
}

const PUSHES = [
  "/acme/app.git/git-receive-pack",
  "/acme/app.git/git-receive%2dpack",
  "/acme/app.git/%67it-receive-pack",
  "/acme/app.git/GIT-RECEIVE-PACK",
  "/acme/app.git/git-upload-pack/../git-receive-pack",
  "/acme/app.git/info/refs?service=git-receive-pack",
  "/acme/app.git/info/refs?service=git%2Dreceive%2Dpack",
  "/acme/app.git/info/refs?service=git%252Dreceive%252Dpack",
  "/acme/app.git/info/refs?%73ervice=git-receive-pack",
  "/acme/app.git/info/refs?service=git-upload-pack&service=git-receive-pack",
  "/acme/app.git/info/refs?a=b;service=git-receive-pack",
  "/acme/app.git/info/refs?SERVICE=git-receive-pack",
];
for (const path of PUSHES) {
  Deno.test(`B6 git push as ${path} is refused, also where fetching is allowed`, async () => {
    await using scene = await Scene.start();
    scene.egress.reload([scene.route({ git: { fetch: true } })]);
    using client = await scene.tunnel();
    scene.assertRefused(await client.ask(get(path)), "git_push_denied");
    scene.assertRefused(
      await client.ask(post(path, ["Content-Length: 4"], "0000")),
      "git_push_denied",
    );
  });
}

Deno.test("B6 git fetch needs git.fetch", async () => {
  await using scene = await Scene.start();
  using client = await scene.tunnel();
  const refs = get("/acme/app.git/info/refs?service=git-upload-pack");
  scene.assertRefused(await client.ask(refs), "git_fetch_denied");
  const pack = post("/acme/app.git/git-upload-pack", ["Content-Length: 4"], "0000");
  scene.assertRefused(await client.ask(pack), "git_fetch_denied");
  scene.egress.reload([scene.route({ git: { fetch: true } })]);
  assert.equal((await client.ask(refs))?.status, 200);
});
