import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { parseRepo } from "../../gitgate/repo_config.ts";
import { gitService, serveTls } from "../integration/local_services.ts";
import { TestAuthority } from "../support/test_authority.ts";
import { GateScene } from "./gate_scene.ts";

Deno.test("an https upstream is reached by its token, and by nothing else", async (t) => {
  await using scene = await GateScene.start();
  const authority = new TestAuthority();
  const token = `token-${crypto.randomUUID()}`;
  const seen: string[] = [];
  const serve = gitService(scene.folder);
  let redirect: string | undefined;
  await using upstream = serveTls(authority, "localhost", async (request) => {
    const authorization = request.headers.get("authorization") ?? "";
    seen.push(authorization);
    const url = new URL(request.url);
    if (redirect !== undefined) {
      return new Response(null, {
        status: 302,
        headers: { location: redirect + url.pathname + url.search },
      });
    }
    if (authorization !== `Basic ${btoa(`x-access-token:${token}`)}`) {
      return new Response("no", { status: 401, headers: { "www-authenticate": "Basic" } });
    }
    return await serve(request);
  });
  const elsewhere: string[] = [];
  await using other = serveTls(authority, "localhost", (request) => {
    elsewhere.push(request.headers.get("authorization") ?? "none");
    return new Response("no", { status: 404 });
  });
  const start = async (given: string | undefined, roots = authority.pem) => {
    await scene.stopGate();
    await scene.startGate({
      repos: [parseRepo({
        name: "app",
        url: `https://localhost:${upstream.port}/upstream.git`,
        token_ref: "EGRESS_TOKEN_7",
      })],
      token: (name) => name === "EGRESS_TOKEN_7" ? given : undefined,
      ...(roots === "" ? {} : { trustRoots: roots }),
    });
  };
  await start(token);
  const client = await scene.clone();

  await t.step("push and fetch", async () => {
    const commit = await client.commit("Change", { "a.txt": "a\n" });
    const { code, stderr } = await client.push("origin", "HEAD:refs/heads/work");
    assert.equal(code, 0, stderr);
    assert.equal(await scene.upstreamRef("refs/heads/work"), commit);
    await client.git("fetch", "-q", "origin");
  });
  await t.step("a token that is wrong, or not there", async () => {
    for (const given of ["wrong", undefined]) {
      await start(given);
      const { code, stderr } = await client.try("push", scene.url, "HEAD:refs/heads/other");
      assert.notEqual(code, 0);
      assert.match(stderr, /it does not accept the gate's credential/);
    }
  });
  await t.step("a certificate of nobody we know", async () => {
    await start(token, "");
    const count = seen.length;
    const { stderr } = await client.try("fetch", scene.url);
    assert.match(stderr, /its certificate cannot be verified/);
    assert.equal(seen.length, count, "a request was sent");
  });
  await t.step("a redirect is not followed", async () => {
    await start(token);
    redirect = `https://localhost:${other.port}`;
    const { code, stderr } = await client.try("fetch", scene.url);
    assert.notEqual(code, 0);
    assert.match(stderr, /cannot reach the upstream/);
    assert.deepEqual(elsewhere, []);
    redirect = undefined;
  });
  await t.step("the token is in no file of the gate and in no event", () => {
    const files = [...walk(scene.gateFolder)].map((path) => Deno.readTextFileSync(path));
    const forms = [token, btoa(`x-access-token:${token}`)];
    for (const form of forms) {
      assert.equal(files.some((text) => text.includes(form)), false);
      assert.equal(JSON.stringify(scene.events).includes(form), false);
    }
  });
});

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* walk(path);
    else if (isFile) yield path;
  }
}
